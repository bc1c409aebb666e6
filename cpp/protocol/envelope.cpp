#include "protocol/envelope.hpp"

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "protocol/json_text.hpp"
#include "protocol/publish_heads.hpp"
#include "protocol/utf8.hpp"

namespace mythos::protocol {
namespace {

using nlohmann::json;

template <class T>
json nullable(const std::optional<T>& value) {
    return value ? json(*value) : json(nullptr);
}

std::string control(std::string_view type, const json& data) {
    std::string out = R"({"type":"mythos.)";
    out += type;
    out += R"(","data":)";
    out += print_json(data);
    out += '}';
    return out;
}

double ms_precision(WallTime ts) { return static_cast<double>(ts.ns / 1'000'000) / 1000.0; }

// FNV-1a, 64 bits: tells a repeated body from another, not an adversary's.
std::uint64_t fingerprint_of(std::string_view a, std::string_view b, std::string_view c) {
    std::uint64_t h = 14695981039346656037ULL;
    const auto mix = [&h](std::string_view text) {
        for (unsigned char ch : text) h = (h ^ ch) * 1099511628211ULL;
        h = (h ^ 0xff) * 1099511628211ULL;
    };
    mix(a);
    mix(b);
    mix(c);
    return h;
}

// The number that an id ends in; an id without one is refused.
std::optional<std::uint64_t> trailing_number(std::string_view id) {
    std::size_t start = id.size();
    while (start > 0 && id[start - 1] >= '0' && id[start - 1] <= '9') --start;
    if (start == id.size() || id.size() - start > 18) return std::nullopt;
    std::uint64_t number = 0;
    for (char c : id.substr(start)) number = number * 10 + static_cast<std::uint64_t>(c - '0');
    return number;
}

Error bad(std::string message) { return {"bad_command", std::move(message)}; }

// What a command says of itself, without its data.
struct CommandHead {
    enum class Kind : std::uint8_t { absent, text, other };
    struct Member {
        Kind kind = Kind::absent;
        std::string text;
    };
    bool is_object = false;
    Member id;  // null counts as absent
    Member type;
};

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

// The parser would skip a byte order mark, and take a NUL for the end of the text.
bool read_head(std::string_view text, CommandHead& head) {
    if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos) return false;
    HeadReader reader(head);
    return json::sax_parse(text, &reader);
}

Result<Command> read_command(std::string_view text, CommandHead head, std::optional<std::string>* id_out) {
    using Kind = CommandHead::Kind;
    if (!head.is_object) return bad("a command is a JSON object with `type`");
    Command command;
    if (head.id.kind != Kind::absent) {
        if (head.id.kind != Kind::text) return bad("`id` must be text that ends in a number, such as \"c-17\"");
        command.id = std::move(head.id.text);
        if (command.id.size() > kCommandIdBytesMax) return bad("`id` may have 64 bytes at most");
        if (id_out != nullptr) *id_out = command.id;
        const auto number = trailing_number(command.id);
        if (!number) return bad("`id` must end in a number that grows with each new command, such as \"c-17\"");
        command.number = *number;
    }
    if (head.type.kind != Kind::text) return bad("a command needs `type`, as text");
    command.type = std::move(head.type.text);
    if (command.type.empty() || command.type.size() > kTypeBytesMax) return bad("`type` must have 1 to 128 bytes");
    const auto data = member_text(text, "data");
    command.data = data ? compact_json(*data) : "{}";
    command.fingerprint = fingerprint_of(command.id, command.type, command.data);
    return command;
}

Result<std::string> text_of(HeadMember& member, const char* name, std::size_t max) {
    if (member.kind != HeadMember::Kind::text) return bad(std::string("`") + name + "` must be text");
    if (member.text.empty() || member.text.size() > max)
        return bad(std::string("`") + name + "` must have 1 to " + std::to_string(max) + " bytes");
    return std::move(member.text);
}

Result<void> read_target(MessageHead& head, Publish& out) {
    using Kind = HeadMember::Kind;
    const bool everyone = head.everyone.kind != Kind::absent && head.everyone.kind != Kind::no;
    const bool channel = head.channel.kind != Kind::absent;
    if (everyone + channel + (head.player.kind != Kind::absent) != 1)
        return bad("name exactly one of `channel`, `player` and `everyone`");
    if (everyone) {
        if (head.everyone.kind != Kind::yes) return bad("`everyone` must be true");
        out.to = Publish::To::everyone;
        return {};
    }
    auto name =
        channel ? text_of(head.channel, "channel", kChannelBytesMax) : text_of(head.player, "player", kNameBytesMax);
    if (!name) return name.error();
    out.to = channel ? Publish::To::channel : Publish::To::player;
    out.name = std::move(*name);
    if (channel ? !is_valid_channel(out.name) : !is_valid_name(out.name, kNameBytesMax))
        return bad(channel ? "`channel` must not hold control characters"
                           : "`player` may hold letters, digits and . _ : @ -");
    return {};
}

Result<Publish> read_publish(std::string_view text, MessageHead& head) {
    if (!head.is_object) return bad("a message is a JSON object");
    Publish out;
    if (auto target = read_target(head, out); !target) return target.error();
    auto type = text_of(head.type, "type", kTypeBytesMax);
    if (!type) return type.error();
    out.type = std::move(*type);
    if (out.type.starts_with("mythos.") || out.type.starts_with("presence."))
        return Error{"reserved_type", "types beginning `mythos.` or `presence.` are the server's own"};
    if (head.key.kind != HeadMember::Kind::absent && head.key.kind != HeadMember::Kind::null) {
        auto key = text_of(head.key, "key", kKeyBytesMax);
        if (!key) return key.error();
        out.key = std::move(*key);
    }
    const auto data = member_text(text, "data");
    out.data = data ? compact_json(*data) : "{}";
    return out;
}

// The raw texts of an array's elements. Precondition: valid JSON, an array.
std::vector<std::string_view> element_texts(std::string_view array) {
    std::vector<std::string_view> out;
    int depth = 0;
    bool in_string = false;
    std::size_t start = std::string_view::npos;
    for (std::size_t i = 0; i < array.size(); ++i) {
        const char c = array[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
            continue;
        }
        const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (depth == 1 && (c == ',' || c == ']')) {
            if (start != std::string_view::npos) out.push_back(array.substr(start, i - start));
            start = std::string_view::npos;
        } else if (depth >= 1 && start == std::string_view::npos && !blank) {
            start = i;
        }
        if (c == '"') in_string = true;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
    }
    return out;
}

const Error kBadJson{"bad_json", "the text is not JSON in UTF-8, or is nested too deep"};

}  // namespace

std::string welcome_json(const Welcome& w) {
    return control("welcome", {{"session_id", w.session_id},
                               {"client_id", w.client_id},
                               {"connection_id", w.connection_id},
                               {"player_id", w.player_id},
                               {"wire", to_string(w.wire)},
                               {"mode", w.mode},
                               {"epoch", w.epoch},
                               {"cursor", w.cursor},
                               {"head", w.head},
                               {"recovered", nullable(w.recovered)},
                               {"replayed", w.replayed},
                               {"heartbeat_ms", w.heartbeat_ms},
                               {"resume_window_s", w.resume_window_s}});
}

std::string gap_json(const Gap& g) {
    return control("gap", {{"after", nullable(g.after)},
                           {"before", g.before},
                           {"lost", nullable(g.lost)},
                           {"at_most", nullable(g.at_most)},
                           {"reason", g.reason}});
}

std::string promoted_json(std::string_view cursor) { return control("promoted", {{"cursor", cursor}}); }

std::string heartbeat_json(std::string_view cursor, std::string_view head, WallTime ts) {
    return control("heartbeat", {{"cursor", cursor}, {"head", head}, {"ts", ms_precision(ts)}});
}

std::string draining_json(std::int64_t reconnect_after_ms, std::string_view reason) {
    return control("draining", {{"reconnect_after_ms", reconnect_after_ms}, {"reason", reason}});
}

std::string closed_json(CloseCode code, std::string_view reason) {
    return control("closed", {{"code", number(code)}, {"reason", reason}});
}

std::string reply_ok_json(const std::optional<std::string>& command_id, std::string_view data) {
    std::string out = R"({"type":"mythos.reply","data":{"command_id":)";
    if (command_id) {
        append_json_string(out, *command_id);
    } else {
        out += "null";
    }
    out += R"(,"ok":true,"data":)";
    out += data.empty() ? std::string_view("{}") : data;
    out += "}}";
    return out;
}

std::string reply_error_json(const std::optional<std::string>& command_id, const Error& error, bool retryable) {
    return control("reply", {{"command_id", nullable(command_id)},
                             {"ok", false},
                             {"error", {{"code", error.code}, {"message", error.message}, {"retryable", retryable}}}});
}

Result<Command> parse_command(std::string_view text, std::optional<std::string>* id_of_bad) {
    CommandHead head;
    if (!read_head(text, head)) return kBadJson;
    return read_command(text, std::move(head), id_of_bad);
}

Result<std::vector<ParsedCommand>> parse_commands(std::string_view body, std::size_t limit) {
    std::vector<ParsedCommand> out;
    const auto add = [&out](std::string_view text, CommandHead head) {
        std::optional<std::string> id;
        auto command = read_command(text, std::move(head), &id);
        out.push_back({std::move(id), std::move(command)});
    };
    CommandHead whole;
    if (!read_head(body, whole)) return kBadJson;
    const std::size_t begin = body.find_first_not_of(" \t\r\n");
    if (body[begin] != '[') {
        add(body, std::move(whole));
        return out;
    }
    const auto texts = element_texts(body);
    if (texts.size() > limit) return Error{"too_big", "at most " + std::to_string(limit) + " commands at once"};
    for (const auto& text : texts) {
        CommandHead head;
        read_head(text, head);
        add(text, std::move(head));
    }
    return out;
}

Result<Publish> parse_publish(std::string_view object_text) {
    PublishHeads heads;
    if (!read_publish_heads(object_text, 0, heads)) return kBadJson;
    return read_publish(object_text, heads.body);
}

Result<PublishBody> parse_publish_body(std::string_view body, std::size_t limit,
                                       std::optional<std::size_t>* bad_index) {
    PublishHeads heads;
    if (!read_publish_heads(body, limit, heads)) return kBadJson;
    if (!heads.body.is_object) return bad("the body is a message, or {\"messages\":[…]}");
    PublishBody out;
    if (!heads.has_messages) {
        auto one = read_publish(body, heads.body);
        if (!one) return one.error();
        out.messages.push_back(std::move(*one));
        return out;
    }
    if (!heads.is_list || heads.count == 0) return bad("`messages` must be an array of at least one message");
    if (heads.count > limit) return Error{"too_big", "at most " + std::to_string(limit) + " messages in a batch"};
    out.batch = true;
    const auto texts = element_texts(*member_text(body, "messages"));
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto one = read_publish(texts[i], heads.messages[i]);
        if (!one && bad_index != nullptr) *bad_index = i;
        if (!one) return Error{one.error().code, "messages[" + std::to_string(i) + "]: " + one.error().message};
        out.messages.push_back(std::move(*one));
    }
    return out;
}

bool is_valid_channel(std::string_view name) {
    if (name.empty() || name.size() > kChannelBytesMax || !is_utf8(name)) return false;
    for (unsigned char c : name)
        if (c < 0x20 || c == 0x7f) return false;
    return true;
}

Error bad_channel() { return {"bad_channel", "a channel name has 1 to 256 bytes of text without control characters"}; }

}  // namespace mythos::protocol
