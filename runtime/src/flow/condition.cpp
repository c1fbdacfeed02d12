// Condition: the small language of "when". docs/flow-format.md has its grammar:
//   or → and ("or" and)*   and → not ("and" not)*   not → "not" not | comparison
//   comparison → value [("==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in") value]
//   value → ${reference} | 'text' | "text" | number | true | false | null | "[" value, … "]" | "(" or ")"
#include "template.hpp"
#include "words.hpp"

#include <jackfield/runtime/flow.hpp>

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace jackfield {

namespace json = boost::json;

/// One of: literal, reference, list of `parts`, operator over `parts`.
struct Condition::Node {
    enum class Kind { literal, reference, list, all, any, negation, compare } kind = Kind::literal;
    std::string op; // of compare
    json::value literal;
    Reference reference;
    std::vector<std::shared_ptr<const Node>> parts; // shared: so are the copies of a Condition
};

namespace {

using Node = Condition::Node;
using NodePointer = std::shared_ptr<const Node>;
using Kind = Node::Kind;

constexpr std::size_t longest = 4096;
constexpr int deepest = 32;

bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Requires: a text of at most `longest` bytes.
class Parser {
public:
    Parser(std::string_view text, std::vector<std::string>& references) : text_(text), references_(references) {}

    Result<NodePointer> whole()
    {
        JF_ASSIGN(auto node, either(0));
        blank();
        if (at_ < text_.size())
            return bad("expected 'and', 'or' or the end");
        return node;
    }

private:
    Error bad(const std::string& what) const
    {
        const auto found = at_ < text_.size() ? ", found " + in_quotes(text_.substr(at_, 20)) : std::string(", found the end");
        const auto column = 1 + std::count_if(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                              [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
        return fail(JF_E_CONFIG, what + found, "column " + std::to_string(column));
    }

    void blank()
    {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
            ++at_;
    }

    bool symbol(std::string_view wanted)
    {
        blank();
        if (!text_.substr(at_).starts_with(wanted))
            return false;
        at_ += wanted.size();
        return true;
    }

    bool keyword(std::string_view wanted)
    {
        blank();
        const auto end = at_ + wanted.size();
        if (!text_.substr(at_).starts_with(wanted) || (end < text_.size() && is_word_character(text_[end])))
            return false;
        at_ = end;
        return true;
    }

    Result<NodePointer> chain(Kind kind, std::string_view word, int depth)
    {
        auto node = std::make_shared<Node>();
        node->kind = kind;
        do {
            JF_ASSIGN(auto part, kind == Kind::any ? chain(Kind::all, "and", depth) : negation(depth));
            node->parts.push_back(std::move(part));
        } while (keyword(word));
        return node->parts.size() == 1 ? node->parts.front() : NodePointer(std::move(node));
    }

    Result<NodePointer> either(int depth)
    {
        if (depth > deepest)
            return bad("nested deeper than " + std::to_string(deepest) + " levels");
        return chain(Kind::any, "or", depth);
    }

    Result<NodePointer> negation(int depth)
    {
        bool negative = false;
        while (keyword("not"))
            negative = !negative;
        JF_ASSIGN(auto part, comparison(depth));
        if (!negative)
            return part;
        auto node = std::make_shared<Node>();
        node->kind = Kind::negation;
        node->parts.push_back(std::move(part));
        return NodePointer(std::move(node));
    }

    Result<NodePointer> comparison(int depth)
    {
        JF_ASSIGN(auto left, value(depth));
        auto node = std::make_shared<Node>();
        node->kind = Kind::compare;
        for (const auto* op : {"==", "!=", "<=", ">=", "<", ">"})
            if (node->op.empty() && symbol(op))
                node->op = op;
        if (node->op.empty() && keyword("in"))
            node->op = "in";
        if (const auto start = at_; node->op.empty() && keyword("not")) {
            if (keyword("in"))
                node->op = "not in";
            else
                at_ = start;
        }
        if (node->op.empty()) {
            if (symbol("="))
                return bad("'=' is no comparison; write '=='");
            return left;
        }
        JF_ASSIGN(auto right, value(depth));
        node->parts = {std::move(left), std::move(right)};
        return NodePointer(std::move(node));
    }

    Result<NodePointer> value(int depth)
    {
        if (symbol("(")) {
            JF_ASSIGN(auto inner, either(depth + 1));
            if (!symbol(")"))
                return bad("expected ')'");
            return inner;
        }
        if (symbol("["))
            return list(depth + 1);
        auto node = std::make_shared<Node>();
        blank();
        const char c = at_ < text_.size() ? text_[at_] : '\0';
        if (c == '$') {
            JF_TRY(reference(*node));
        } else if (c == '\'' || c == '"') {
            JF_TRY(text(*node, c));
        } else if (keyword("true") || keyword("false")) {
            node->literal = text_[at_ - 2] == 'u';
        } else if (keyword("null")) {
            node->literal = nullptr;
        } else {
            JF_TRY(number(*node));
        }
        return NodePointer(std::move(node));
    }

    Result<NodePointer> list(int depth)
    {
        if (depth > deepest)
            return bad("nested deeper than " + std::to_string(deepest) + " levels");
        auto node = std::make_shared<Node>();
        node->kind = Kind::list;
        if (symbol("]"))
            return NodePointer(std::move(node));
        do {
            JF_ASSIGN(auto part, value(depth));
            node->parts.push_back(std::move(part));
        } while (symbol(","));
        if (!symbol("]"))
            return bad("expected ',' or ']'");
        return NodePointer(std::move(node));
    }

    Status reference(Node& node)
    {
        const auto close = text_.find('}', at_);
        if (!text_.substr(at_).starts_with("${") || close == text_.npos)
            return bad("expected a reference such as ${name}");
        auto parsed = parse_reference(text_.substr(at_ + 2, close - at_ - 2));
        if (!parsed)
            return std::move(parsed).error();
        references_.push_back(parsed->text);
        node.kind = Kind::reference;
        node.reference = std::move(*parsed);
        at_ = close + 1;
        return {};
    }

    Status text(Node& node, char quote)
    {
        const auto close = text_.find(quote, at_ + 1);
        if (close == text_.npos)
            return bad("this text is not closed");
        node.literal = json::string(text_.substr(at_ + 1, close - at_ - 1));
        at_ = close + 1;
        return {};
    }

    Status number(Node& node)
    {
        auto end = at_;
        while (end < text_.size() && (is_word_character(text_[end]) || text_[end] == '.' || text_[end] == '-'))
            ++end;
        const auto word = text_.substr(at_, end - at_);
        std::int64_t whole = 0;
        double real = 0;
        const auto is_all = [&](std::from_chars_result result) { return result.ec == std::errc() && result.ptr == word.data() + word.size(); };
        if (is_all(std::from_chars(word.data(), word.data() + word.size(), whole)))
            node.literal = whole;
        else if (word.find_first_of("0123456789") != word.npos && is_all(std::from_chars(word.data(), word.data() + word.size(), real)))
            node.literal = real;
        else if (!word.empty() && is_word_character(word.front()) && (word.front() < '0' || word.front() > '9'))
            return bad("a parameter is written ${" + printable(word) + "}, text '" + printable(word) + "'");
        else
            return bad("expected a value");
        at_ = end;
        return {};
    }

    std::string_view text_;
    std::vector<std::string>& references_;
    std::size_t at_ = 0;
};

/// -1, 0, 1; the two are of one kind and have an order.
Result<int> order(const json::value& a, const json::value& b, std::string_view op)
{
    const auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
    if (a.is_string() && b.is_string())
        return sign(a.get_string().compare(b.get_string()), 0);
    if (a.is_int64() && b.is_int64())
        return sign(a.get_int64(), b.get_int64());
    if (a.is_number() && b.is_number())
        return sign(a.to_number<double>(), b.to_number<double>());
    return fail(JF_E_CONFIG, shown(a) + " and " + shown(b) + " cannot be compared by '" + std::string(op) + "'");
}

/// Null equals null alone; other kinds must agree, so that 'true' for true is no silent false.
Result<bool> equal(const json::value& a, const json::value& b)
{
    if (a.is_null() || b.is_null() || (a.is_bool() && b.is_bool()) || (a.is_array() && b.is_array()) || (a.is_object() && b.is_object()))
        return a == b;
    JF_ASSIGN(const auto sign, order(a, b, "=="));
    return sign == 0;
}

Result<json::value> evaluate_node(const Node& node, const json::object& parameters, const Scope& scope);

Result<bool> truth(const Node& node, const json::object& parameters, const Scope& scope)
{
    JF_ASSIGN(const auto value, evaluate_node(node, parameters, scope));
    if (!value.is_bool())
        return fail(JF_E_CONFIG, "expected true or false, got " + shown(value));
    return value.get_bool();
}

Result<json::value> compare(const Node& node, const json::object& parameters, const Scope& scope)
{
    JF_ASSIGN(const auto a, evaluate_node(*node.parts[0], parameters, scope));
    JF_ASSIGN(const auto b, evaluate_node(*node.parts[1], parameters, scope));
    const auto& op = node.op;
    if (op == "==" || op == "!=") {
        JF_ASSIGN(const bool same, equal(a, b));
        return json::value(same == (op == "=="));
    }
    if (op == "in" || op == "not in") {
        if (!b.is_array())
            return fail(JF_E_CONFIG, "'in' expects a list after it, got " + shown(b));
        bool found = false;
        for (const auto& one : b.get_array()) {
            JF_ASSIGN(const bool same, equal(a, one));
            found = found || same;
        }
        return json::value(found == (op == "in"));
    }
    JF_ASSIGN(const auto sign, order(a, b, op));
    return json::value((sign < 0 && op[0] == '<') || (sign > 0 && op[0] == '>') || (sign == 0 && op.size() == 2));
}

Result<json::value> evaluate_node(const Node& node, const json::object& parameters, const Scope& scope)
{
    switch (node.kind) {
    case Kind::literal: return node.literal;
    case Kind::compare: return compare(node, parameters, scope);
    case Kind::list: {
        json::array out;
        for (const auto& part : node.parts) {
            JF_ASSIGN(auto value, evaluate_node(*part, parameters, scope));
            out.push_back(std::move(value));
        }
        return json::value(std::move(out));
    }
    case Kind::negation: {
        JF_ASSIGN(const bool inner, truth(*node.parts.front(), parameters, scope));
        return json::value(!inner);
    }
    case Kind::all:
    case Kind::any:
        for (const auto& part : node.parts) {
            JF_ASSIGN(const bool holds, truth(*part, parameters, scope));
            if (holds == (node.kind == Kind::any))
                return json::value(holds);
        }
        return json::value(node.kind == Kind::all);
    case Kind::reference: break;
    }
    if (node.reference.is_bound_early())
        if (const auto* value = parameters.if_contains(node.reference.name))
            return *value;
    if (node.reference.kind == Reference::Kind::parameter)
        return fail(JF_E_CONFIG, "the parameter " + in_quotes(node.reference.name) + " has no value");
    JF_ASSIGN(auto value, look_up(node.reference, {scope.item, scope.item_index, scope.results}));
    return *value;
}

} // namespace

Result<Condition> Condition::parse(std::string_view text)
{
    if (text.size() > longest)
        return fail(JF_E_CONFIG, "a condition has at most " + std::to_string(longest) + " characters");
    Condition out;
    out.text_ = text;
    JF_ASSIGN(out.root_, Parser(text, out.references_).whole());
    return out;
}

Result<bool> Condition::evaluate(const json::object& parameters, const Scope& scope) const
{
    if (!root_)
        return true;
    auto value = truth(*root_, parameters, scope);
    if (!value)
        return fail(JF_E_CONFIG, "when \"" + printable(text_, 200) + "\": " + value.error().message);
    return value;
}

} // namespace jackfield
