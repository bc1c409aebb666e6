// The far end of one connection: an Outlet that takes bytes up to a settable room, and
// reads what it took with the product's own decoders.
//
// Not thread-safe: a test's.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "hub/outlet.hpp"
#include "protocol/sse_decoder.hpp"
#include "protocol/ws_message.hpp"

namespace mythos::hub::test {

using nlohmann::json;

class Peer final : public Outlet {
public:
    explicit Peer(protocol::Wire wire);

    void admitted(const Admission& admission) override;
    void refused(const Refusal& refusal) override;
    std::int64_t write(const iovec* pieces, int count) override;
    void attempted(std::size_t existing, std::string_view connection_id) override {
        existing_at_attempt = existing;
        attempted_as = connection_id;
    }
    void delivered(const DeliveryReport& report) override { reports.push_back(report); }
    void await_writable() override { ++awaits; }
    void pause_reading(bool paused) override { reading_paused = paused; }
    void finish() override { finished = true; }
    void abort() override { aborted = true; }
    std::optional<KernelAck> kernel_ack() const override { return kernel; }
    Names names() const override {
        return admission ? Names{player, admission->session_id, admission->connection_id} : Names{};
    }

    // How many bytes the socket still takes; nothing: all of them.
    std::optional<std::size_t> room;
    bool dead = false;  // the next write finds the socket broken

    // What came, read so far. `entries` are those of `messages` that have an id.
    std::string bytes;
    std::vector<json> messages;
    std::vector<json> entries;
    std::vector<std::string> sse_ids;  // the `id:` of each message, on SSE
    std::vector<std::string> pings, pongs;
    std::optional<std::uint64_t> retry_ms;
    std::optional<std::uint16_t> close_code;  // of a close frame, or of `mythos.closed`
    std::string close_reason;
    std::size_t deflated_frames = 0;

    std::optional<Admission> admission;
    std::optional<Refusal> refusal;
    std::optional<std::size_t> existing_at_attempt;
    std::string attempted_as;
    std::vector<DeliveryReport> reports;
    int awaits = 0;
    int writes = 0;
    std::vector<int> pieces_of_writes;
    bool reading_paused = false;
    bool finished = false;
    bool aborted = false;
    std::optional<KernelAck> kernel;

    // The ids' numbers of the entries received, in order.
    std::vector<Seq> seqs() const;
    // The `data` of the newest message of this type, without `mythos.`; null if none came.
    json last(std::string_view type) const;
    std::size_t count(std::string_view type) const;
    // The reply to this command; null if none came. The newest of several.
    json reply(std::string_view command_id) const;
    std::size_t replies(std::string_view command_id) const;

    // Set by whoever opened the connection.
    ConnectionKey key = 0;
    std::uint32_t loop = 0;
    std::string player;
    const protocol::Wire wire;

private:
    void read(std::string chunk);
    void take(std::string_view text);

    protocol::WsInflateScratch scratch_;
    protocol::WsReceiverConfig config_;
    protocol::WsReceiver receiver_;
    protocol::SseDecoder decoder_;
};

// The number of an id of the form `<epoch>-<seq>`.
Seq seq_of(const json& id);

}  // namespace mythos::hub::test
