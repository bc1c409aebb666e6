// UTF-8 validation, whole or in pieces as bytes arrive.
//
// Rejects overlong forms, surrogates and code points above U+10FFFF (RFC 3629),
// at the first byte that cannot be continued, so that a WebSocket text message
// is failed before its end has come (RFC 6455 8.1).
// Thread-safety: none needed for the functions; a validator belongs to one thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace mythos::protocol {

// One byte of state. Feeding pieces gives the same answer as feeding them joined.
class Utf8Validator {
public:
    // False from the first impossible byte on; stays false until `reset`.
    bool feed(std::string_view bytes);

    // True when the bytes so far end on a code point's boundary.
    bool complete() const { return state_ == 0; }

    void reset() { state_ = 0; }

private:
    std::uint8_t state_ = 0;
};

bool is_utf8(std::string_view bytes);

// The longest prefix of valid UTF-8 `text` of at most `bytes_max` bytes that cuts no code point.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

}  // namespace mythos::protocol
