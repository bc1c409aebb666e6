// Identifiers: journal positions (`<epoch>-<seq>`) and random names.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mythos {

// A position in the journal. 0 is "before the first entry"; the first entry is 1.
using Seq = std::uint64_t;

// `<epoch>-<seq>`, the id of an entry and the form of every cursor on the wire.
// Ids compare only within an epoch, so Cursor has equality but no order.
struct Cursor {
    std::string epoch;
    Seq seq = 0;
    friend bool operator==(const Cursor&, const Cursor&) = default;
};

std::string format_cursor(std::string_view epoch, Seq seq);
inline std::string format_cursor(const Cursor& c) { return format_cursor(c.epoch, c.seq); }

// Reads `<epoch>-<seq>`: epoch is 1 to 16 characters of [0-9a-z], seq is decimal
// without sign or leading zeros, below 2^63. Anything else is nullopt.
std::optional<Cursor> parse_cursor(std::string_view text);

// A name that is safe in URLs, headers and logs: 1 to `max_length` characters of
// [A-Za-z0-9._:@-]. Used for player, client and session ids.
bool is_valid_name(std::string_view text, std::size_t max_length);

// A random name of `bits` bits (a multiple of 5, at most 160) in lower-case base32
// from the operating system's generator; a collision is not to be expected at 100
// bits or more. `prefix` is put before it. Thread-safe.
std::string random_name(std::string_view prefix, int bits = 100);

}  // namespace mythos
