#include "hub/peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "protocol/ws_frame.hpp"

namespace mythos::hub::test {

using protocol::Wire;
using protocol::WsEventKind;

Peer::Peer(Wire w)
    : wire(w),
      config_{.role = protocol::WsRole::client, .message_bytes_max = std::size_t{1} << 26, .scratch = &scratch_},
      receiver_(config_, protocol::WsInflateMode::each_alone) {}

void Peer::admitted(const Admission& a) {
    EXPECT_FALSE(admission.has_value()) << "admitted twice";
    admission = a;
}

void Peer::refused(const Refusal& r) {
    EXPECT_FALSE(admission.has_value()) << "refused after being admitted";
    refusal = r;
}

std::int64_t Peer::write(const iovec* pieces, int count) {
    EXPECT_TRUE(admission.has_value()) << "written before it was let in";
    EXPECT_FALSE(finished || aborted) << "written after the end";
    if (dead) return -1;
    ++writes;
    pieces_of_writes.push_back(count);
    std::string taken;
    for (int i = 0; i < count; ++i) {
        const std::string_view piece{static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len};
        taken += piece.substr(0, room ? *room - std::min(*room, taken.size()) : piece.size());
    }
    if (room) *room -= taken.size();
    bytes += taken;
    const auto size = static_cast<std::int64_t>(taken.size());
    read(std::move(taken));
    return size;
}

void Peer::read(std::string chunk) {
    if (wire == Wire::sse) {
        std::string_view left = chunk;
        for (;;) {
            const auto event = decoder_.next(left);
            ASSERT_NE(event.kind, protocol::SseEventKind::failed);
            if (event.kind == protocol::SseEventKind::need_more) break;
            sse_ids.emplace_back(event.last_event_id);
            take(event.data);
        }
        retry_ms = decoder_.retry_ms();
        return;
    }
    std::span<char> left(chunk);
    for (;;) {
        const auto event = receiver_.next(left);
        if (event.kind == WsEventKind::need_more) return;
        ASSERT_NE(event.kind, WsEventKind::failed) << event.payload;
        if (event.kind == WsEventKind::ping) pings.emplace_back(event.payload);
        if (event.kind == WsEventKind::pong) pongs.emplace_back(event.payload);
        if (event.kind == WsEventKind::text) take(event.payload);
        if (event.kind != WsEventKind::close) continue;
        close_code = event.code;
        close_reason = event.payload;
    }
}

void Peer::take(std::string_view text) {
    EXPECT_FALSE(close_code.has_value()) << "a message behind the close: " << text;
    json message = json::parse(text, nullptr, false);
    ASSERT_FALSE(message.is_discarded()) << text;
    if (wire == Wire::sse && message.contains("id")) { EXPECT_EQ(message["id"], sse_ids.back()); }
    if (message["type"] == "mythos.closed") {
        close_code = message["data"]["code"].get<std::uint16_t>();
        close_reason = message["data"]["reason"].get<std::string>();
    }
    if (message.contains("id")) entries.push_back(message);
    messages.push_back(std::move(message));
}

std::vector<Seq> Peer::seqs() const {
    std::vector<Seq> out;
    for (const auto& entry : entries) out.push_back(seq_of(entry["id"]));
    return out;
}

json Peer::last(std::string_view type) const {
    const std::string full = "mythos." + std::string(type);
    for (auto it = messages.rbegin(); it != messages.rend(); ++it)
        if ((*it)["type"] == full) return (*it)["data"];
    return nullptr;
}

std::size_t Peer::count(std::string_view type) const {
    const std::string full = "mythos." + std::string(type);
    return static_cast<std::size_t>(
        std::count_if(messages.begin(), messages.end(), [&](const json& m) { return m["type"] == full; }));
}

json Peer::reply(std::string_view command_id) const {
    for (auto it = messages.rbegin(); it != messages.rend(); ++it)
        if ((*it)["type"] == "mythos.reply" && (*it)["data"]["command_id"] == command_id) return (*it)["data"];
    return nullptr;
}

std::size_t Peer::replies(std::string_view command_id) const {
    return static_cast<std::size_t>(std::count_if(messages.begin(), messages.end(), [&](const json& m) {
        return m["type"] == "mythos.reply" && m["data"]["command_id"] == command_id;
    }));
}

Seq seq_of(const json& id) {
    const auto cursor = id.is_string() ? parse_cursor(id.get<std::string>()) : std::nullopt;
    if (!cursor) ADD_FAILURE() << "not an id: " << id;
    return cursor ? cursor->seq : 0;
}

}  // namespace mythos::hub::test
