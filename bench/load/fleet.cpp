#include "load/fleet.hpp"

#include <nlohmann/json.hpp>

#include "load/failure.hpp"
#include "load/requests.hpp"

namespace mythos::bench {

using nlohmann::json;

Fleet::Fleet(EventLoop& loop, const Target& target, FleetOptions options)
    : loop_(loop), target_(target), options_(std::move(options)) {}

void Fleet::add_players(std::size_t websocket, std::size_t sse, std::size_t dual) {
    const auto add = [this](Wire wire, std::uint32_t player) {
        Member& member = members_.emplace_back(loop_, *this, wire, static_cast<std::uint32_t>(members_.size()));
        member.player = player;
        if (options_.write_each_alone) member.connection.write_each_alone();
    };
    for (std::size_t i = 0; i < websocket; ++i) add(Wire::websocket, players_++);
    for (std::size_t i = 0; i < sse; ++i) add(Wire::sse, players_++);
    for (std::size_t i = 0; i < dual; ++i) {
        add(Wire::websocket, players_);
        add(Wire::sse, players_++);
    }
}

std::string Fleet::name_of(const Member& member) const { return options_.name_prefix + std::to_string(member.player); }

std::string Fleet::request_for(const Member& member, bool resume) const {
    const bool websocket = member.connection.wire() == Wire::websocket;
    std::string path = websocket ? options_.ws_path : options_.sse_path;
    if (const std::size_t at = path.find("{player}"); at != std::string::npos) path.replace(at, 8, name_of(member));
    if (target_.dialect == Dialect::mythos) {
        std::string query;
        if (options_.client_ids)
            query += "&client_id=" + options_.name_prefix + "-client-" + std::to_string(member.player);
        if (!member.session_id.empty()) query += "&session_id=" + member.session_id;
        if (resume) query += "&cursor=" + member.cursor;
        if (!query.empty()) path += "?" + query.substr(1);
    }
    return websocket ? websocket_upgrade(target_.host, path) : sse_request(target_.host, path);
}

void Fleet::start(Member& member, bool resume) {
    member.ready = member.recovered = false;
    member.first_delivery_at_ns = 0;
    member.connection.open(target_.address, source_address(member.connection.index()), request_for(member, resume));
}

void Fleet::open(std::size_t first, std::size_t last, bool resume) {
    ready_ = 0;
    std::size_t begun = 0;
    const bool done = loop_.run_until(options_.limit_s, [&] {
        while (first + begun < last && begun - ready_ < options_.handshakes_max)
            start(members_[first + begun++], resume);
        return ready_ == last - first;
    });
    if (!done) {
        throw Failure("only " + std::to_string(ready_) + " of " + std::to_string(last - first) +
                      " were connected in time");
    }
}

void Fleet::subscribe(std::size_t first, std::size_t last, const std::string& channel) {
    if (target_.dialect == Dialect::plain) return;
    subscribed_ = 0;
    std::size_t asked = 0;
    std::size_t due = 0;
    const std::string command = R"({"id":"c-1","type":"subscribe","data":{"channel":")" + channel + R"("}})";
    const auto ask = [&](Member& member) {
        const bool second_wire =
            member.connection.index() > 0 && members_[member.connection.index() - 1].player == member.player;
        if (second_wire) return;  // its session is subscribed already
        ++due;
        if (member.connection.wire() == Wire::websocket) return member.connection.send_text(command);
        subscribe_by_post(member, command);
    };
    const bool done = loop_.run_until(options_.limit_s, [&] {
        while (first + asked < last && due - subscribed_ < options_.handshakes_max) ask(members_[first + asked++]);
        return first + asked == last && subscribed_ == due;
    });
    if (!done)
        throw Failure("only " + std::to_string(subscribed_) + " of " + std::to_string(due) +
                      " were subscribed in time");
}

void Fleet::subscribe_by_post(Member& member, const std::string& command) {
    if (!commands_) commands_ = std::make_unique<HttpClient>(loop_, target_.address, target_.host);
    commands_->set_on_answer([this](std::string_view body) {
        const json replies = json::parse(body);
        if (!replies.at(0).at("data").at("ok").get<bool>()) throw Failure("a subscribe by POST was refused");
        ++subscribed_;
    });
    std::string path = "/api/commands?session_id=" + member.session_id + "&player_id=" + name_of(member);
    if (options_.client_ids) path += "&client_id=" + options_.name_prefix + "-client-" + std::to_string(member.player);
    commands_->post(path, command);
}

void Fleet::close_all() {
    for (Member& member : members_) member.connection.close();
}

void Fleet::start_checks(std::uint64_t number) {
    for (Member& member : members_) member.check.start(number);
}

void Fleet::finish_checks(std::uint64_t end) {
    for (Member& member : members_) member.check.finish(end);
}

void Fleet::become_ready(Member& member) {
    if (member.ready) return;
    member.ready = true;
    member.ready_at_ns = now_ns();
    ++ready_;
}

void Fleet::on_open(Connection& connection) {
    if (target_.dialect == Dialect::plain) become_ready(members_[connection.index()]);
}

void Fleet::on_message(Connection& connection, std::string_view body) {
    Member& member = members_[connection.index()];
    const auto number = reader_.number(body);
    if (!number) return on_control(member, body);
    member.check.see(*number, target_.dialect == Dialect::mythos ? entry_position(body) : 0);
    if (on_delivery_) on_delivery_(member, *number, body);
}

void Fleet::on_control(Member& member, std::string_view body) {
    if (target_.dialect == Dialect::plain) return;
    const json message = json::parse(body);
    const std::string type = message.at("type");
    const json& data = message.at("data");
    if (type == "mythos.welcome") {
        member.session_id = data.at("session_id");
        member.cursor = data.at("cursor");
        member.recovered = data.at("recovered").is_boolean() && data.at("recovered").get<bool>();
        become_ready(member);
    } else if (type == "mythos.reply") {
        if (!data.at("ok").get<bool>()) throw Failure("a command was refused: " + data.dump().substr(0, 300));
        ++subscribed_;
    } else if (type == "mythos.gap") {
        ++gaps_;
    }
}

void Fleet::on_closed(Connection& connection, int code) {
    throw Failure("the server ended connection " + std::to_string(connection.index()) + " with code " +
                  std::to_string(code));
}

std::uint64_t Fleet::lost() const {
    std::uint64_t total = 0;
    for (const Member& member : members_) total += member.check.lost();
    return total;
}

std::uint64_t Fleet::repeated() const {
    std::uint64_t total = 0;
    for (const Member& member : members_) total += member.check.repeated();
    return total;
}

std::uint64_t Fleet::id_disorder() const {
    std::uint64_t total = 0;
    for (const Member& member : members_) total += member.check.id_disorder();
    return total;
}

}  // namespace mythos::bench
