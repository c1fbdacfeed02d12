// JsonScanner: strict reading of JSON syntax, for places and for faults that say what was expected.
#pragma once

#include "json_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

/// Fills the nodes of a JsonText. One use. One thread at a time.
class JsonScanner {
public:
    JsonScanner(JsonText& out, const JsonLimits& limits);

    /// False after a fault of syntax: it is then the last of faults().
    bool scan();
    [[nodiscard]] std::vector<Fault>& faults() { return faults_; }

private:
    bool value(std::uint32_t node, std::size_t depth);
    bool object(std::uint32_t node, std::size_t depth);
    bool members(std::uint32_t node, std::size_t depth, std::size_t opened);
    bool array(std::uint32_t node, std::size_t depth);
    bool string(std::string& out);
    bool escape(std::string& out);
    bool hex4(unsigned& out);
    bool number();
    bool word();
    bool after_part(char close, std::size_t opened, std::string_view what, bool& more);
    bool blank();
    bool bad(std::size_t offset, std::string message);
    bool bad_member_name();
    [[nodiscard]] std::string found() const;
    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
    std::uint32_t add_child(std::uint32_t parent, std::uint32_t last);

    JsonText& out_;
    std::string_view text_;
    JsonLimits limits_;
    std::size_t at_ = 0;
    std::vector<Fault> faults_;
};

} // namespace jackfield
