// What the loops and the sequencer know together of one client: how far it has
// acknowledged, how far its wires have been written, and the account of what it was owed.
//
// Thread-safety: all members are atomics; a wire's progress is written by that
// wire's loop only, the account by whichever loop wrote first.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "hub/open_gaps.hpp"

namespace mythos::observe {
class ErrorTracker;
}

namespace mythos::hub {

// What is counted when accounts are closed, over all clients; owned by the node, outlives every ClientState.
struct DeliveryTotals {
    // `errors` counts and logs the accounts that are closed with something unsent, which are no errors.
    explicit DeliveryTotals(observe::ErrorTracker& tracker) : errors(tracker) {}

    observe::ErrorTracker& errors;
    std::atomic<std::uint64_t> owed{0};
    std::atomic<std::uint64_t> unsent{0};
    std::atomic<std::uint64_t> gap{0};  // of gaps that the client's other wire might have filled
    std::mutex open_gaps;               // guards those of all clients: there are few, and seldom
};

class ClientState {
public:
    explicit ClientState(DeliveryTotals& totals, std::string_view client_id = {});
    ~ClientState();
    ClientState(const ClientState&) = delete;
    ClientState& operator=(const ClientState&) = delete;

    std::string_view client_id() const { return client_id_.get(); }

    // The account begins at `base`, of which `owed` entries lie at or below. First call wins.
    void begin_account(Seq base, std::uint64_t owed);

    // Nothing up to `base` is left to be claimed: the client says that it has it, or it came
    // back without a cursor. What was never sent of it stays in the account as unsent.
    void skip_to(Seq base);

    // Takes the range (after, upto] into the account unless another wire did; gives the
    // position above which this call is the one to count, or nothing when none is.
    // `contested`: a gap is open, ask `take` instead.
    struct Share {
        Seq above = 0;
        bool any = false;
        bool contested = false;
    };
    Share claim(Seq after, Seq upto);
    // Up to here everything was claimed, or is left unsent.
    Seq claimed_to() const { return frontier_.load(std::memory_order_acquire) & ~kContested; }

    // A wire told this gap while the other may yet fill it. From here on each entry is accounted for by itself,
    // until that is decided.
    void open_gap(const OpenGaps::Range& gap);
    // Of the positions handed to a wire, which is complete up to `upto` now, those that no wire was handed before.
    // Nothing where no gap is open any more.
    std::optional<std::vector<Seq>> take(std::span<const Seq> positions, Seq upto);
    // Counts the gaps that no living wire will fill.
    void settle_gaps() { settle_gaps(0); }

    // Entries of a claimed range that were written, told as a gap, or conflated away.
    void count(std::uint64_t entries) { accounted_.fetch_add(entries, std::memory_order_relaxed); }

    // At the session's end: how many entries the client was owed up to there, counted as
    // its intervals count. The rest of the account becomes `unsent` when the last wire lets go. `player_id`,
    // `session_id`: whose it was. The sequencer's.
    void end_account(std::uint64_t owed_at_end, const std::string& player_id, const std::string& session_id);

    // Raises the acknowledged position; lower ones are ignored. `explicit_ack` is false
    // for a cursor given at connect.
    void acknowledge(Seq seq, MonoTime now, bool explicit_ack);
    Seq acked() const { return acked_.load(std::memory_order_relaxed); }
    // When the client last acknowledged by command. Only where it `acknowledges`.
    MonoTime ack_time() const { return {ack_ns_.load(std::memory_order_relaxed)}; }
    bool acknowledges() const { return ack_ns_.load(std::memory_order_relaxed) != kNever; }

    // How many streams of each wire carry entries, welcomed and not gone: two while a newcomer replaces its
    // predecessor.
    std::array<std::atomic<std::uint16_t>, 2> living{};
    // Acks go by the client's WebSocket while it has one, and say nothing of its SSE stream then. Since when it has
    // none; `kHasWebsocket` while it has one. Written under the sequencer's mutex.
    static constexpr std::int64_t kHasWebsocket = std::numeric_limits<std::int64_t>::max();
    std::atomic<std::int64_t> websocket_gone_ns{0};
    // Round trip of the last answered WebSocket ping, in microseconds; 0 before the first.
    std::atomic<std::uint32_t> rtt_us{0};
    // Position up to which each wire's stream was handed to its socket.
    std::array<std::atomic<Seq>, 2> sent{};

private:
    static constexpr std::uint64_t kUnset = ~std::uint64_t{0} >> 1;
    // As it is while a gap is open.
    static constexpr std::uint64_t kContested = std::uint64_t{1} << 63;
    void settle_gaps(Seq given_up);
    void settle();

    const std::unique_ptr<const char[]> client_id_;  // 8 bytes and its own: one of each connection that idles
    DeliveryTotals& totals_;
    std::atomic<Seq> frontier_{kUnset};
    std::atomic<std::uint64_t> owed_base_{0};
    std::atomic<std::uint64_t> owed_at_end_{kUnset};
    std::atomic<std::uint64_t> accounted_{0};
    std::unique_ptr<OpenGaps> gaps_;
    struct Owner {
        std::string player_id, session_id;
    };
    std::unique_ptr<const Owner> owner_;  // from the account's end on; the sequencer lets go after it has set it
    std::atomic<Seq> acked_{0};
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
    std::atomic<std::int64_t> ack_ns_{kNever};
};

}  // namespace mythos::hub
