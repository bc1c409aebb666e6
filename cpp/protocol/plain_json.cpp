#include "protocol/plain_json.hpp"

#include <cstdint>
#include <cstring>

#include "base/limits.hpp"
#include "protocol/json_text.hpp"

namespace mythos::protocol {
namespace {

constexpr std::size_t kNumberBytesMax = 64;  // far from where a number overflows

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The top bit of each byte that ends a plain string or is not allowed in one; bytes above the first such are not exact.
std::uint64_t unusual_bytes(std::uint64_t word) {
    constexpr std::uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;
    const auto zero_bytes = [](std::uint64_t w) { return (w - kOnes) & ~w & kTops; };
    return zero_bytes(word ^ kOnes * '"') | zero_bytes(word ^ kOnes * '\\') | ((word - kOnes * 0x20) & ~word & kTops) |
           (word & kTops);
}

// Reads on in a text, and stops for good at what is not plain.
class Reader {
public:
    Reader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

    bool ok() const { return ok_; }
    bool spaced() const { return spaced_; }
    std::size_t at() const { return at_; }
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void skip_space() {
        while (is_json_space(peek())) {
            ++at_;
            spaced_ = true;
        }
    }
    bool take(char c) {
        if (peek() != c) return ok_ = false;
        ++at_;
        return true;
    }
    // Stands on the opening quote; the text within the quotes.
    std::string_view string() {
        if (!take('"')) return {};
        const std::size_t first = at_;
        for (std::uint64_t word = 0; at_ + sizeof word <= text_.size(); at_ += sizeof word) {
            std::memcpy(&word, text_.data() + at_, sizeof word);
            if (unusual_bytes(word) != 0) break;
        }
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c < 0x20 || c >= 0x80 || c == '\\') break;
        }
        if (!take('"')) return {};
        return text_.substr(first, at_ - 1 - first);
    }
    // A whole value, whatever it holds.
    void value(int depth) {
        switch (peek()) {
            case '"':
                string();
                return;
            case '{':
            case '[':
                return container(depth + 1);
            case 't':
                return word("true");
            case 'f':
                return word("false");
            case 'n':
                return word("null");
            default:
                return number();
        }
    }

private:
    void container(int depth) {
        if (depth > kJsonDepthMax) {
            ok_ = false;
            return;
        }
        const bool object = text_[at_++] == '{';
        const char end = object ? '}' : ']';
        skip_space();
        if (peek() == end) {
            ++at_;
            return;
        }
        for (; ok_; skip_space()) {
            if (object) {
                string();
                skip_space();
                take(':');
                skip_space();
            }
            if (ok_) value(depth);
            skip_space();
            if (peek() == end) {
                ++at_;
                return;
            }
            take(',');
        }
    }
    void word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) {
            ok_ = false;
            return;
        }
        at_ += expected.size();
    }
    void number() {
        const std::size_t first = at_;
        if (peek() == '-') ++at_;
        if (peek() == '0')
            ++at_;
        else
            digits();
        if (peek() == '.') {
            ++at_;
            digits();
        }
        if (peek() == 'e' || peek() == 'E' || at_ - first > kNumberBytesMax) ok_ = false;
    }
    void digits() {
        if (!is_digit(peek())) ok_ = false;
        while (is_digit(peek())) ++at_;
    }

    std::string_view text_;
    std::size_t at_;
    bool ok_ = true;
    bool spaced_ = false;
};

}  // namespace

PlainObject::PlainObject(std::string_view text) : text_(text) {}

bool PlainObject::next() {
    Reader reader(text_, at_);
    reader.skip_space();
    if (!begun_ && !reader.take('{')) return false;
    if (!begun_) reader.skip_space();
    if (reader.peek() == '}') {
        reader.take('}');
        reader.skip_space();
        whole_ = reader.at() == text_.size();
        return false;
    }
    if (begun_ && !reader.take(',')) return false;
    reader.skip_space();
    begun_ = true;
    name_ = reader.string();
    reader.skip_space();
    if (!reader.ok() || !reader.take(':')) return false;
    reader.skip_space();
    Reader within(text_, reader.at());
    within.value(1);
    if (!within.ok()) return false;
    value_ = text_.substr(reader.at(), within.at() - reader.at());
    spaced_ = within.spaced();
    at_ = within.at();
    return true;
}

}  // namespace mythos::protocol
