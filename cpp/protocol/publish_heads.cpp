#include "protocol/publish_heads.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.hpp"

namespace mythos::protocol {
namespace {

using nlohmann::json;
using Kind = HeadMember::Kind;

constexpr int kBody = 1;     // inside the body's object
constexpr int kList = 2;     // inside `messages`
constexpr int kMessage = 3;  // inside one of them

HeadMember* member_of(MessageHead& head, const std::string& name) {
    if (name == "type") return &head.type;
    if (name == "channel") return &head.channel;
    if (name == "player") return &head.player;
    if (name == "everyone") return &head.everyone;
    return name == "key" ? &head.key : nullptr;
}

// Throws nothing.
class HeadsReader {
public:
    HeadsReader(PublishHeads& heads, std::size_t messages_max) : heads_(heads), messages_max_(messages_max) {}

    bool key(std::string& name) {
        if (depth_ == kBody && name == "messages") {
            heads_.has_messages = true;
            heads_.is_list = false;
            heads_.count = 0;
            heads_.messages.clear();
            names_list_ = true;
        } else if (depth_ == kBody) {
            member_ = member_of(heads_.body, name);
        } else if (depth_ == kMessage && in_list_ && keeps()) {
            member_ = member_of(heads_.messages.back(), name);
        }
        return true;
    }

    bool start_object(std::size_t) {
        if (depth_ == 0) heads_.body.is_object = true;
        value(Kind::other);
        if (depth_ == kList && in_list_ && keeps()) heads_.messages.back().is_object = true;
        return ++depth_ <= kJsonDepthMax;
    }
    bool start_array(std::size_t) {
        if (std::exchange(names_list_, false))
            in_list_ = heads_.is_list = true;
        else
            value(Kind::other);
        return ++depth_ <= kJsonDepthMax;
    }
    bool end_object() {
        --depth_;
        return true;
    }
    bool end_array() {
        if (--depth_ == kBody) in_list_ = false;
        return true;
    }

    bool string(std::string& text) {
        if (HeadMember* member = value(Kind::text)) member->text = std::move(text);
        return true;
    }
    bool null() { return value(Kind::null), true; }
    bool boolean(bool is) { return value(is ? Kind::yes : Kind::no), true; }
    bool number_integer(std::int64_t) { return value(Kind::other), true; }
    bool number_unsigned(std::uint64_t) { return value(Kind::other), true; }
    bool number_float(double, const std::string&) { return value(Kind::other), true; }
    bool binary(json::binary_t&) { return value(Kind::other), true; }
    bool parse_error(std::size_t, const std::string&, const json::exception&) { return false; }

private:
    // Whether the element that was begun last is kept.
    bool keeps() const { return heads_.count <= messages_max_; }

    // A value begins: of the member that was named last, if that one counts, or an element of the list.
    HeadMember* value(Kind kind) {
        names_list_ = false;
        if (depth_ == kList && in_list_) {
            ++heads_.count;
            if (keeps()) heads_.messages.emplace_back();
        }
        HeadMember* member = std::exchange(member_, nullptr);
        if (member != nullptr) *member = {kind, {}};
        return member;
    }

    PublishHeads& heads_;
    std::size_t messages_max_;
    HeadMember* member_ = nullptr;
    bool names_list_ = false;  // `messages` was named, and its value comes
    bool in_list_ = false;
    int depth_ = 0;
};

}  // namespace

// The parser would skip a byte order mark, and take a NUL for the end of the text.
bool read_publish_heads(std::string_view body, std::size_t messages_max, PublishHeads& heads) {
    if (body.starts_with("\xEF\xBB\xBF") || body.find('\0') != std::string_view::npos) return false;
    HeadsReader reader(heads, messages_max);
    return json::sax_parse(body, &reader);
}

}  // namespace mythos::protocol
