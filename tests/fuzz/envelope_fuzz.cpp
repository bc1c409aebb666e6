// Envelopes: what a client or a publisher may send as text, and what is made of it.
//
// Holds: a command that was read says the same when it is written anew; `data` is valid JSON, without a line break
// (it becomes one SSE line) and equal in value to what was sent; a member found in the text is the one that a
// parser finds, and so is one of plain JSON, where the text is that; whatever the text, a reply to it is valid JSON;
// the merging client's reader stumbles over nothing.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "protocol/envelope.hpp"
#include "protocol/json_text.hpp"
#include "protocol/plain_json.hpp"
#include "protocol/server_message.hpp"

namespace {

using namespace mythos::protocol;
using nlohmann::json;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_data(std::string_view data) {
    require(is_valid_json(data));
    require(data.find_first_of("\r\n") == std::string_view::npos);
    require(compact_json(data) == data);
}

void check_command(const Command& command) {
    check_data(command.data);
    std::string again = R"({"id":)";
    append_json_string(again, command.id);
    again += R"(,"data" : )" + command.data + R"(,"type":)";
    append_json_string(again, command.type);
    again += "}";
    if (command.id.empty()) return;  // an empty id is none, and cannot be written as one
    const auto reread = parse_command(again);
    require(reread.ok());
    require(reread->id == command.id && reread->number == command.number && reread->type == command.type);
    require(reread->data == command.data && reread->fingerprint == command.fingerprint);
    require(is_valid_json(reply_ok_json(command.id, command.data)));
    require(is_valid_json(reply_error_json(command.id, {"bad_command", command.type}, false)));
}

void check_members(std::string_view text) {
    if (!is_valid_json(text)) return;
    const json parsed = json::parse(text);
    require(json::parse(compact_json(text)) == parsed);
    if (!parsed.is_object()) return;
    for (const auto& [name, value] : parsed.items()) {
        const auto found = member_text(text, name);
        require(found.has_value() && json::parse(*found) == value);
    }
}

void check_plain(std::string_view text) {
    json members = json::object();
    PlainObject object(text);
    while (object.next()) {
        const json value = json::parse(object.value(), nullptr, false);
        require(!value.is_discarded() && object.is_text() == value.is_string());
        require(object.is_spaced() == (compact_json(object.value()) != object.value()));
        members[std::string(object.name())] = value;
    }
    if (object.is_whole()) require(is_valid_json(text) && json::parse(text) == members);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    check_members(text);
    check_plain(text);
    if (const auto commands = parse_commands(text, 16)) {
        for (const auto& one : *commands)
            if (one.command) check_command(*one.command);
    }
    if (const auto body = parse_publish_body(text, 16)) {
        require(!body->messages.empty() && body->messages.size() <= 16);
        for (const auto& message : body->messages) {
            check_data(message.data);
            require(!message.type.starts_with("mythos.") && !message.type.starts_with("presence."));
        }
    }
    (void)parse_server_message(text);
    (void)parse_replies(text);
    return 0;
}
