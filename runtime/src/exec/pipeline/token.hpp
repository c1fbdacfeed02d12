// Token: what a commit makes durable about one partition, as the bytes that a sink or the state store keeps.
//
// Layout, format 1: the byte 0x01, flags (bit 0: final), then as LEB128 numbers: epoch, part, state, length of digest,
// digest, length of position, position. Nothing may follow. Newer formats take another first byte and read this one.
#pragma once

#include "load/instance.hpp"

#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace jackfield::exec {

/// Value.
struct Token {
    std::uint64_t epoch = 0;    ///< commits of the partition so far; grows, also when the partition moves
    std::uint32_t part = 0;     ///< of a side sink: commits within the epoch; else 0
    bool final = false;         ///< the bounded input was finished with it
    std::uint64_t state = 0;    ///< epoch under which the states of steps are stored; 0: there are none
    std::string digest;         ///< of what selects the data
    std::string position;       ///< everything up to here is durable; empty: nothing was read yet

    [[nodiscard]] bool operator==(const Token&) const = default;
};

[[nodiscard]] std::string encode(const Token& token);
/// JF_E_POSITION if the bytes are damaged or of a newer format.
[[nodiscard]] Result<Token> decode_token(std::string_view bytes);

/// The name of the range (from, until] of a partition, the same each time it is written: 64 hexadecimal digits, from
/// which sinks that drop duplicates derive their token.
[[nodiscard]] std::string range_name(const ProgressScope& scope, std::string_view partition, std::string_view from,
                                     std::string_view until);

} // namespace jackfield::exec
