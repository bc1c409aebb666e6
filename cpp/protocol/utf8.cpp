#include "protocol/utf8.hpp"

#include <array>
#include <cstring>

namespace mythos::protocol {
namespace {

// What may come next: one range of bytes for each state, and the state after it (Unicode 15, table 3-7).
enum State : std::uint8_t { kStart, kLast, kLastTwo, kLastThree, kAfterE0, kAfterEd, kAfterF0, kAfterF4, kInvalid };

struct Continuation {
    std::uint8_t lowest;
    std::uint8_t highest;
    State next;
};

constexpr std::array<Continuation, 8> kContinuations{{
    {0x00, 0x7F, kStart},    // kStart is served by `lead_state`
    {0x80, 0xBF, kStart},    // kLast
    {0x80, 0xBF, kLast},     // kLastTwo
    {0x80, 0xBF, kLastTwo},  // kLastThree
    {0xA0, 0xBF, kLast},     // kAfterE0: not overlong
    {0x80, 0x9F, kLast},     // kAfterEd: no surrogate
    {0x90, 0xBF, kLastTwo},  // kAfterF0: not overlong
    {0x80, 0x8F, kLastTwo},  // kAfterF4: at most U+10FFFF
}};

constexpr std::array<std::uint8_t, 256> make_lead_states() {
    std::array<std::uint8_t, 256> states{};
    for (std::size_t byte = 0; byte < states.size(); ++byte) {
        if (byte < 0x80)
            states[byte] = kStart;
        else if (byte < 0xC2)
            states[byte] = kInvalid;
        else if (byte < 0xE0)
            states[byte] = kLast;
        else if (byte < 0xF0)
            states[byte] = byte == 0xE0 ? kAfterE0 : byte == 0xED ? kAfterEd : kLastTwo;
        else if (byte < 0xF5)
            states[byte] = byte == 0xF0 ? kAfterF0 : byte == 0xF4 ? kAfterF4 : kLastThree;
        else
            states[byte] = kInvalid;
    }
    return states;
}

constexpr std::array<std::uint8_t, 256> kLeadStates = make_lead_states();

inline std::uint8_t step(std::uint8_t state, std::uint8_t byte) {
    if (state == kStart) return kLeadStates[byte];
    const Continuation& allowed = kContinuations[state];
    return byte >= allowed.lowest && byte <= allowed.highest ? allowed.next : kInvalid;
}

inline const char* skip_ascii(const char* at, const char* end) {
    constexpr std::uint64_t kHighBits = 0x8080808080808080u;
    while (end - at >= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        if ((word & kHighBits) != 0) break;
        at += 8;
    }
    return at;
}

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    std::uint8_t state = state_;
    while (at != end && state != kInvalid) {
        if (state == kStart) {
            at = skip_ascii(at, end);
            if (at == end) break;
        }
        state = step(state, static_cast<std::uint8_t>(*at++));
    }
    state_ = state;
    return state != kInvalid;
}

bool is_utf8(std::string_view bytes) {
    Utf8Validator validator;
    return validator.feed(bytes) && validator.complete();
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t size = bytes_max;
    while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xC0) == 0x80) --size;
    return text.substr(0, size);
}

}  // namespace mythos::protocol
