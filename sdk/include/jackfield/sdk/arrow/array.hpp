// Owners of the Arrow C structs, released exactly once; SharedArray: one batch for several consumers, by count.
#pragma once

#include <jackfield/abi/arrow.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace jackfield {

/// Owns one ArrowArray, ArrowSchema or ArrowArrayStream and releases it once. Movable. One thread at a time.
template <class C>
class Owned {
public:
    Owned() = default;
    /// Takes over what `source` holds and marks it as moved away.
    explicit Owned(C& source) noexcept : raw_(source) { source.release = nullptr; }
    explicit Owned(C&& source) noexcept : raw_(source) { source.release = nullptr; }
    Owned(Owned&& other) noexcept : raw_(other.release()) {}
    Owned& operator=(Owned&& other) noexcept
    {
        if (this != &other) {
            reset();
            raw_ = other.release();
        }
        return *this;
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() { reset(); }

    /// Whether there is something inside.
    [[nodiscard]] explicit operator bool() const noexcept { return raw_.release != nullptr; }
    [[nodiscard]] C* get() noexcept { return &raw_; }
    [[nodiscard]] const C* get() const noexcept { return &raw_; }
    [[nodiscard]] C& operator*() noexcept { return raw_; }
    [[nodiscard]] const C& operator*() const noexcept { return raw_; }
    [[nodiscard]] C* operator->() noexcept { return &raw_; }
    [[nodiscard]] const C* operator->() const noexcept { return &raw_; }
    /// Releases what is inside and gives the place where a C function puts the next one.
    [[nodiscard]] C* out() noexcept
    {
        reset();
        return &raw_;
    }
    /// Hands the struct to the caller, who releases it from now on.
    [[nodiscard]] C release() noexcept { return std::exchange(raw_, C{}); }
    void reset() noexcept
    {
        if (raw_.release)
            raw_.release(&raw_);
        raw_ = C{};
    }

private:
    C raw_{};
};

using OwnedArray = Owned<ArrowArray>;
using OwnedSchema = Owned<ArrowSchema>;
using OwnedStream = Owned<ArrowArrayStream>;

namespace detail {

/// What one shared struct owns: its share of the original and the structs of its children.
struct ShareParts {
    std::shared_ptr<const OwnedArray> original; // counted: each consumer releases when it likes, on any thread
    std::vector<ArrowArray> children;
    std::vector<ArrowArray*> pointers;
    ArrowArray dictionary{};
};

inline void release_share(ArrowArray* array)
{
    std::unique_ptr<ShareParts> parts(static_cast<ShareParts*>(array->private_data));
    for (ArrowArray& child : parts->children)
        if (child.release)
            child.release(&child);
    if (parts->dictionary.release)
        parts->dictionary.release(&parts->dictionary);
    array->release = nullptr;
}

/// A struct that reads as `from`, an array inside `original`. Each child holds a share of its own, because a
/// consumer may move children out and release them later.
inline OwnedArray share_tree(const std::shared_ptr<const OwnedArray>& original, const ArrowArray& from)
{
    auto parts = std::make_unique<ShareParts>();
    parts->original = original;
    const auto count = static_cast<std::size_t>(from.n_children);
    parts->children.resize(count, ArrowArray{});
    parts->pointers.resize(count);
    ArrowArray made = from; // lengths, offset and buffers stay those of the original
    made.children = parts->pointers.data();
    made.dictionary = from.dictionary ? &parts->dictionary : nullptr;
    made.release = release_share;
    ShareParts& inside = *parts;
    made.private_data = parts.release();
    OwnedArray owned(made);
    for (std::size_t i = 0; i < count; ++i) {
        inside.pointers[i] = &inside.children[i];
        inside.children[i] = share_tree(original, *from.children[i]).release();
    }
    if (from.dictionary)
        inside.dictionary = share_tree(original, *from.dictionary).release();
    return owned;
}

} // namespace detail

/// One array that several consumers read; it is released when the last of them let go. Value, any thread: copies
/// and shares count alike. Requires: the array inside was validated, or made by a builder.
class SharedArray {
public:
    SharedArray() = default;
    explicit SharedArray(OwnedArray array) : array_(std::make_shared<const OwnedArray>(std::move(array))) {}

    [[nodiscard]] explicit operator bool() const noexcept { return array_ && *array_; }
    /// The array inside; lives as long as this.
    [[nodiscard]] const ArrowArray& operator*() const noexcept { return **array_; }
    [[nodiscard]] const ArrowArray* operator->() const noexcept { return array_->get(); }
    /// Holders now: copies of this and every struct in a share that was not released.
    [[nodiscard]] long count() const noexcept { return array_.use_count(); }

    /// A struct of its own over the same buffers; no data is copied. Its release drops the count.
    [[nodiscard]] OwnedArray share() const { return *this ? detail::share_tree(array_, **array_) : OwnedArray(); }

    /// As share(), only rows `offset` to `offset + length`, cut to what there is. Requires: a batch (a struct of
    /// columns) or a column without children.
    [[nodiscard]] OwnedArray slice(std::int64_t offset, std::int64_t length) const
    {
        OwnedArray made = share();
        if (!made)
            return made;
        const std::int64_t rows = made->length;
        offset = offset < 0 ? 0 : offset > rows ? rows : offset;
        length = length < 0 ? 0 : length > rows - offset ? rows - offset : length;
        // Batches are cut in their columns, since many readers overlook the offset of the struct around them.
        const bool batch = made->n_children > 0 && made->n_buffers == 1 && !made->buffers[0] && !made->dictionary;
        const std::int64_t start = made->offset + offset;
        if (batch)
            for (std::int64_t i = 0; i < made->n_children; ++i)
                cut(*made->children[i], start, length);
        cut(*made.get(), batch ? -made->offset : offset, length);
        return made;
    }

private:
    static void cut(ArrowArray& array, std::int64_t offset, std::int64_t length)
    {
        const bool whole = offset == 0 && length == array.length;
        array.offset += offset;
        array.length = length;
        if (!whole && array.null_count != 0)
            array.null_count = -1; // not counted
    }

    std::shared_ptr<const OwnedArray> array_; // the counted owner
};

} // namespace jackfield
