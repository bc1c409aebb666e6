#include "protocol/server_message.hpp"

#include <nlohmann/json.hpp>

#include "protocol/json_text.hpp"

namespace mythos::protocol {
namespace {

using Json = nlohmann::json;

// Longest durations a server may ask for; beyond it the arithmetic would overflow.
constexpr std::int64_t kDurationMaxMs = 24 * 3'600 * 1'000;

// Checks that the whole text is JSON and keeps the object's own `id`, `type` and `ts`.
class HeadReader final : public nlohmann::json_sax<Json> {
public:
    std::string id, type;
    std::optional<double> ts;
    bool has_id = false, has_type = false, is_object = false;

    bool null() override { return value(nullptr); }
    bool boolean(bool) override { return value(nullptr); }
    bool number_integer(number_integer_t n) override { return number(static_cast<double>(n)); }
    bool number_unsigned(number_unsigned_t n) override { return number(static_cast<double>(n)); }
    bool number_float(number_float_t n, const string_t&) override { return number(n); }
    bool string(string_t& text) override { return value(&text); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override {
        if (depth_ == 0) is_object = true;
        return open();
    }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        if (depth_ == 1)
            member_ = name == "id"     ? Member::id
                      : name == "type" ? Member::type
                      : name == "ts"   ? Member::ts
                                       : Member::other;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
    enum class Member { other, id, type, ts };

    bool open() {
        value(nullptr);
        return ++depth_ <= 128;
    }
    bool close() {
        --depth_;
        return true;
    }
    bool number(double n) {
        if (depth_ == 1 && member_ == Member::ts) ts = n;
        return value(nullptr);
    }
    bool value(const string_t* text) {
        if (depth_ != 1) return true;
        if (member_ == Member::id) (has_id = text != nullptr) ? void(id = *text) : id.clear();
        if (member_ == Member::type) (has_type = text != nullptr) ? void(type = *text) : type.clear();
        member_ = Member::other;
        return true;
    }

    int depth_ = 0;
    Member member_ = Member::other;
};

const Json* member(const Json& object, const char* name) {
    const auto it = object.find(name);
    return it == object.end() ? nullptr : &*it;
}

std::string text_of(const Json& object, const char* name) {
    const Json* value = member(object, name);
    return value && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<Cursor> cursor_of(const Json& object, const char* name) {
    const Json* value = member(object, name);
    if (!value || !value->is_string()) return std::nullopt;
    return parse_cursor(value->get_ref<const std::string&>());
}

std::optional<std::uint64_t> count_of(const Json& object, const char* name) {
    const Json* value = member(object, name);
    if (!value || !value->is_number_unsigned()) return std::nullopt;
    return value->get<std::uint64_t>();
}

std::optional<double> number_of(const Json& object, const char* name) {
    const Json* value = member(object, name);
    if (!value || !value->is_number()) return std::nullopt;
    return value->get<double>();
}

std::optional<Duration> duration_of(const Json& object, const char* name) {
    const auto ms = count_of(object, name);
    if (!ms || *ms > static_cast<std::uint64_t>(kDurationMaxMs)) return std::nullopt;
    return milliseconds(static_cast<std::int64_t>(*ms));
}

ServerMessage read_welcome(const Json& data) {
    WelcomeMessage m;
    m.session_id = text_of(data, "session_id");
    m.client_id = text_of(data, "client_id");
    m.connection_id = text_of(data, "connection_id");
    m.player_id = text_of(data, "player_id");
    m.mode = text_of(data, "mode");
    m.epoch = text_of(data, "epoch");
    const auto cursor = cursor_of(data, "cursor");
    if (m.session_id.empty() || m.epoch.empty() || !cursor) return MalformedMessage{};
    m.cursor = *cursor;
    const Json* recovered = member(data, "recovered");
    if (recovered && recovered->is_boolean()) m.recovered = recovered->get<bool>();
    m.heartbeat = duration_of(data, "heartbeat_ms");
    if (m.heartbeat && m.heartbeat->ns == 0) m.heartbeat.reset();
    return m;
}

ServerMessage read_gap(const Json& data) {
    const auto before = cursor_of(data, "before");
    const Json* after = member(data, "after");
    if (!before || before->seq == 0) return MalformedMessage{};
    GapMessage m{cursor_of(data, "after"), *before, count_of(data, "lost"), count_of(data, "at_most"),
                 text_of(data, "reason")};
    if (!m.after && after && !after->is_null()) return MalformedMessage{};
    return m;
}

std::optional<ReplyMessage> read_reply(const Json& data) {
    const Json* ok = member(data, "ok");
    if (!ok || !ok->is_boolean()) return std::nullopt;
    ReplyMessage m;
    m.ok = ok->get<bool>();
    const Json* id = member(data, "command_id");
    if (id && id->is_string()) m.command_id = id->get<std::string>();
    if (const Json* value = member(data, "data"); value && !value->is_null()) { m.data = print_json(*value); }
    if (const Json* error = member(data, "error"); error && error->is_object()) {
        m.error_code = text_of(*error, "code");
        m.error_message = text_of(*error, "message");
        const Json* retryable = member(*error, "retryable");
        m.retryable = retryable && retryable->is_boolean() && retryable->get<bool>();
    }
    return m;
}

ServerMessage read_closed(const Json& data) {
    const auto code = count_of(data, "code");
    if (!code || *code > 4'999) return MalformedMessage{};
    return ClosedMessage{static_cast<int>(*code), text_of(data, "reason")};
}

ServerMessage read_control(std::string_view type, const Json& data) {
    if (type == "mythos.welcome") return read_welcome(data);
    if (type == "mythos.gap") return read_gap(data);
    if (type == "mythos.reply") {
        if (auto reply = read_reply(data)) return *std::move(reply);
        return MalformedMessage{};
    }
    if (type == "mythos.promoted" || type == "mythos.heartbeat") {
        const auto cursor = cursor_of(data, "cursor");
        if (!cursor) return MalformedMessage{};
        if (type == "mythos.promoted") return PromotedMessage{*cursor};
        return HeartbeatMessage{*cursor, cursor_of(data, "head"), number_of(data, "ts")};
    }
    if (type == "mythos.draining") {
        return DrainingMessage{duration_of(data, "reconnect_after_ms").value_or(Duration{})};
    }
    if (type == "mythos.closed") return read_closed(data);
    return UnknownMessage{};
}

}  // namespace

ServerMessage parse_server_message(std::string_view json) {
    HeadReader head;
    if (!Json::sax_parse(json.begin(), json.end(), &head) || !head.is_object || !head.has_type) {
        return MalformedMessage{};
    }
    if (head.has_id) {
        auto id = parse_cursor(head.id);
        if (!id || id->seq == 0) return MalformedMessage{};
        return EntryMessage{*std::move(id), std::move(head.type), head.ts};
    }
    if (head.type.rfind("mythos.", 0) != 0) return MalformedMessage{};
    const Json message = Json::parse(json.begin(), json.end(), nullptr, false);
    const Json* data = member(message, "data");
    if (!data || !data->is_object()) return MalformedMessage{};
    return read_control(head.type, *data);
}

std::optional<std::vector<ReplyMessage>> parse_replies(std::string_view body) {
    const Json array = Json::parse(body.begin(), body.end(), nullptr, false);
    if (!array.is_array()) return std::nullopt;
    std::vector<ReplyMessage> replies;
    for (const Json& element : array) {
        if (!element.is_object() || text_of(element, "type") != "mythos.reply") continue;
        const Json* data = member(element, "data");
        if (!data || !data->is_object()) continue;
        if (auto reply = read_reply(*data)) replies.push_back(*std::move(reply));
    }
    return replies;
}

}  // namespace mythos::protocol
