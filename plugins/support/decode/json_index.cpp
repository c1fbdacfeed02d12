// The call of simdjson's first stage. Its second stage is not used: values go straight into columns of known types.
#include "json_index.hpp"

#include <simdjson.h>

namespace jackfield::files {

struct JsonIndex::Parser {
    simdjson::dom::parser parser;
};

JsonIndex::JsonIndex() : parser_(std::make_unique<Parser>()) {}
JsonIndex::~JsonIndex() = default;
JsonIndex::JsonIndex(JsonIndex&&) noexcept = default;
JsonIndex& JsonIndex::operator=(JsonIndex&&) noexcept = default;

JsonIndex::State JsonIndex::build(const char* text, std::size_t size)
{
    simdjson::dom::parser& parser = parser_->parser;
    size_ = 0;
    if ((!parser.implementation || parser.capacity() < size) && parser.allocate(size < 512 ? 512 : size + size / 2) != simdjson::SUCCESS)
        return State::failed;
    auto& stage = *parser.implementation;
    const auto error = stage.stage1(reinterpret_cast<const std::uint8_t*>(text), size, simdjson::stage1_mode::regular);
    if (error == simdjson::UTF8_ERROR)
        return State::encoding;
    if (error == simdjson::UNESCAPED_CHARS)
        return State::control;
    if (error == simdjson::UNCLOSED_STRING)
        return State::unclosed;
    if (error != simdjson::SUCCESS && error != simdjson::EMPTY)
        return State::failed;
    size_ = error == simdjson::EMPTY ? 0 : stage.n_structural_indexes;
    // simdjson allocates at least nine entries more than the capacity and needs none of them here.
    for (std::size_t i = 0; i < 4; ++i)
        stage.structural_indexes[size_ + i] = UINT32_MAX;
    places_ = stage.structural_indexes.get();
    return State::ok;
}

} // namespace jackfield::files
