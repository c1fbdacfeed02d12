// Result<T>: a value, or an Error that a person can act on. Used by the SDK and the runtime alike.
#pragma once

#include <jackfield/abi/base.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace jackfield {

/// What went wrong, as facts. Value.
///
/// `kind` is one of the JF_E_ classes of abi/base.h and decides what the runtime does (retry, stop,
/// quarantine). `message` is one sentence that names the thing at fault and the remedy; it never holds a
/// secret. `where` is the place, outermost part first ("tasks.land.sink.table", "orders.csv:17").
struct Error {
    jf_status kind = JF_E_FAILED;
    std::string message;
    std::string where;
    std::string code;                 ///< the vendor's own code (SQLSTATE, errno name), empty if none
    std::int64_t retry_after_ns = -1; ///< wait at least this long before trying again; -1: not said

    /// The same error seen from one level up: "land" + "sink.table" gives "land.sink.table".
    [[nodiscard]] Error at(std::string_view outer) &&
    {
        if (where.empty())
            where = outer;
        else if (!outer.empty())
            where = std::string(outer) + (where.front() == '[' ? "" : ".") + where;
        return std::move(*this);
    }
};

/// Makes an Error; the usual way to fail: `return fail(JF_E_CONFIG, "'ten' is no number; write 10", "last");`
[[nodiscard]] inline Error fail(jf_status kind, std::string message, std::string where = {})
{
    return Error{kind, std::move(message), std::move(where), {}, -1};
}

/// A T or an Error. Value. Reading the wrong side is a bug and throws std::bad_variant_access.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    /// From what converts to T: a unique_ptr to a derived class, a literal.
    template <class U>
        requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Result> && !std::is_same_v<std::remove_cvref_t<U>, Error>)
    Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value))
    {
    }
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & { return std::get<0>(state_); }
    [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
    [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    [[nodiscard]] Error& error() & { return std::get<1>(state_); }
    [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
    [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

private:
    std::variant<T, Error> state_;
};

/// Success without a value, or an Error. Value.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] Error& error() & { return error_.value(); }
    [[nodiscard]] const Error& error() const& { return error_.value(); }
    [[nodiscard]] Error&& error() && { return std::move(error_).value(); }

private:
    std::optional<Error> error_;
};

using Status = Result<void>;

} // namespace jackfield

/// Leaves the calling function with the error of `expression`, a Result, if it has one.
#define JF_TRY(expression)                                                                                   \
    do {                                                                                                     \
        if (auto jf_result_ = (expression); !jf_result_)                                                     \
            return std::move(jf_result_).error();                                                            \
    } while (false)

#define JF_CONCAT_INNER_(a, b) a##b
#define JF_CONCAT_(a, b) JF_CONCAT_INNER_(a, b)

/// Declares or sets `variable` from the value of `expression`, a Result, or leaves the calling function with its error. Two
/// statements: below an `if` it needs braces.
#define JF_ASSIGN(variable, expression) JF_ASSIGN_IMPL_(JF_CONCAT_(jf_result_, __LINE__), variable, expression)
#define JF_ASSIGN_IMPL_(result, variable, expression)                                                        \
    auto result = (expression);                                                                              \
    if (!result)                                                                                             \
        return std::move(result).error();                                                                    \
    variable = std::move(result).value()
