// An entry of the journal with its ready-made frames, shared by all receivers.
//
// The WebSocket frame and the SSE block are built once, at append, in one Block
// a batch, so that the frames of a burst lie side by side and go out in one
// write. The deflated frame is built at most once too, by the first loop that
// needs it; a loop that comes upon it half-built sends the plain frame, which
// RFC 7692 section 6 allows for any message.
//
// Thread-safety: everything but the reference count and the deflated frame is
// immutable once the entry is in the ring. Any thread may read an entry that it
// has pinned (see ring.hpp) or holds a reference to.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "journal/record.hpp"

namespace mythos::journal {

// A target's number within this process; never used twice. 0 is none.
using TargetId = std::uint64_t;
inline constexpr TargetId kEveryone = 1;

// A session's number within this process; never used twice. 0 is none.
using SessionHandle = std::uint64_t;

// What the sequencer adds to a record: its handles, and which one of its target's
// entries it is (1 for the first), so that entries owed can be counted by subtraction.
struct Draft {
    Record record;
    TargetId target = 0;
    std::uint64_t ordinal = 0;
    SessionHandle session = 0;  // control entries: whose; a message to a player: the player's living session
};

// One allocation that holds the frames of a whole batch. Freed with its last entry.
struct Block {
    std::atomic<std::uint32_t> entries{0};
    std::unique_ptr<char[]> bytes;
};

struct DeflatedFrame {
    std::string bytes;
};

class MessageEntry;

// A control entry is this alone; a message is a MessageEntry, whose frames are read through it.
class Entry {
public:
    Seq seq = 0;
    TargetId target = 0;
    std::uint64_t ordinal = 0;
    SessionHandle session = 0;
    MonoTime appended;
    Kind kind = Kind::message;
    bool replaced = false;  // session_ended: by a newer session

    // Of messages only (precondition). Conflation key; empty for none.
    std::string_view key() const;
    std::string_view ws() const;
    std::string_view json() const;
    std::string_view sse() const;

    // The deflated frame, built by `deflate` (JSON in, whole frame out) on first use.
    // Null while another loop is building it, and where it would not be smaller.
    template <class Deflate>
    const DeflatedFrame* deflated(Deflate&& deflate) const;

    // References beyond a turn: a half-written frame keeps its entry alive.
    void retain() const { refs_.fetch_add(1, std::memory_order_relaxed); }
    void release() const;

    // Bytes that count towards the journal's retention.
    std::size_t footprint() const;

protected:
    friend std::vector<Entry*> make_entries(std::string_view, Seq, MonoTime, std::vector<Draft>);
    Entry() = default;
    ~Entry() = default;

private:
    const MessageEntry& message() const;
    mutable std::atomic<std::uint32_t> refs_{1};
};

class MessageEntry final : public Entry {
    friend class Entry;
    friend std::vector<Entry*> make_entries(std::string_view, Seq, MonoTime, std::vector<Draft>);
    MessageEntry() = default;
    ~MessageEntry();

    Block* block_ = nullptr;
    const char* ws_ = nullptr;
    const char* sse_ = nullptr;
    const char* key_ = nullptr;
    std::uint32_t ws_size_ = 0;
    std::uint32_t sse_size_ = 0;
    std::uint32_t key_size_ = 0;
    std::uint8_t json_offset_ = 0;
    mutable std::atomic_flag deflating_ = ATOMIC_FLAG_INIT;
    mutable std::atomic<const DeflatedFrame*> deflated_{nullptr};
};

inline const MessageEntry& Entry::message() const {
    assert(kind == Kind::message);
    return static_cast<const MessageEntry&>(*this);
}
inline std::string_view Entry::key() const { return {message().key_, message().key_size_}; }
inline std::string_view Entry::ws() const { return {message().ws_, message().ws_size_}; }
inline std::string_view Entry::json() const { return ws().substr(message().json_offset_); }
inline std::string_view Entry::sse() const { return {message().sse_, message().sse_size_}; }

template <class Deflate>
const DeflatedFrame* Entry::deflated(Deflate&& deflate) const {
    const MessageEntry& m = message();
    if (const auto* ready = m.deflated_.load(std::memory_order_acquire)) return ready;
    if (m.deflating_.test_and_set(std::memory_order_acquire)) return nullptr;
    std::string frame = deflate(json());
    if (frame.empty() || frame.size() >= m.ws_size_) return nullptr;
    const auto* made = new DeflatedFrame{std::move(frame)};
    m.deflated_.store(made, std::memory_order_release);
    return made;
}

// Turns drafts into entries `first`, `first + 1`, … with their frames in one block.
// Each entry is returned with one reference, the caller's.
std::vector<Entry*> make_entries(std::string_view epoch, Seq first, MonoTime appended, std::vector<Draft> drafts);

// The JSON of a message as both wires carry it.
std::string message_json(std::string_view id, const Record& record);

}  // namespace mythos::journal
