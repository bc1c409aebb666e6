#include "protocol/command_head.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.hpp"
#include "protocol/plain_json.hpp"

namespace mythos::protocol {
namespace {

using nlohmann::json;

// Checks JSON and reads a command's head in one pass, because no more is needed of its data than that it is JSON.
// Throws nothing; false: not JSON, or nested too deep.
class HeadReader {
public:
    explicit HeadReader(CommandHead& head) : head_(head) {}

    bool start_object(std::size_t) {
        if (depth_ == 0) head_.is_object = true;
        return enter();
    }
    bool start_array(std::size_t) { return enter(); }
    bool end_object() { return leave(); }
    bool end_array() { return leave(); }
    bool key(std::string& name) {
        // The last of several counts, as with other parsers.
        if (depth_ == 1) member_ = name == "id" ? &head_.id : name == "type" ? &head_.type : nullptr;
        if (depth_ == 1 && member_ != nullptr) *member_ = {};
        return true;
    }
    bool string(std::string& text) {
        if (depth_ == 1 && member_ != nullptr) *member_ = {CommandHead::Kind::text, std::move(text)};
        return true;
    }
    bool null() {
        if (depth_ == 1 && member_ == &head_.type) other();
        return true;
    }
    bool boolean(bool) { return other(); }
    bool number_integer(std::int64_t) { return other(); }
    bool number_unsigned(std::uint64_t) { return other(); }
    bool number_float(double, const std::string&) { return other(); }
    bool binary(json::binary_t&) { return other(); }
    bool parse_error(std::size_t, const std::string&, const json::exception&) { return false; }

private:
    bool other() {
        if (depth_ == 1 && member_ != nullptr) member_->kind = CommandHead::Kind::other;
        return true;
    }
    bool enter() {
        other();
        return ++depth_ <= kJsonDepthMax;
    }
    bool leave() {
        --depth_;
        return true;
    }

    CommandHead& head_;
    CommandHead::Member* member_ = nullptr;
    int depth_ = 0;
};

bool read_plain_head(std::string_view text, CommandHead& head) {
    using Kind = CommandHead::Kind;
    PlainObject object(text);
    while (object.next()) {
        const std::string_view value = object.value();
        if (object.name() == "data") {
            head.data = value;
            head.data_is_compact = !object.is_spaced();
        }
        CommandHead::Member* member = object.name() == "id" ? &head.id : object.name() == "type" ? &head.type : nullptr;
        if (member == nullptr) continue;
        if (object.is_text())
            *member = {Kind::text, std::string(value.substr(1, value.size() - 2))};
        else
            *member = {member == &head.id && value == "null" ? Kind::absent : Kind::other, {}};
    }
    return head.is_object = head.was_plain = object.is_whole();
}

}  // namespace

// The parser would skip a byte order mark, and take a NUL for the end of the text.
bool read_command_head(std::string_view text, CommandHead& head) {
    if (read_plain_head(text, head)) return true;
    head = {};
    if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos) return false;
    HeadReader reader(head);
    return json::sax_parse(text, &reader);
}

}  // namespace mythos::protocol
