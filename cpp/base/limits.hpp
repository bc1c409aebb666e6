// The fixed bounds: what a peer could make grow ends here. Those that an operator may
// want to set are options (docs/reference/config.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace mythos {

// What comes in.

inline constexpr int kJsonDepthMax = 64;           // parsers recurse; deeper input is refused as bad JSON
inline constexpr std::size_t kNameBytesMax = 128;  // players, sessions, clients: they stand in logs and URLs
inline constexpr std::size_t kChannelBytesMax = 256;
inline constexpr std::size_t kTypeBytesMax = 128;
inline constexpr std::size_t kKeyBytesMax = 256;  // conflation keys: one an entry
inline constexpr std::size_t kCommandIdBytesMax = 64;
inline constexpr std::size_t kIdempotencyKeyBytesMax = 255;  // remembered as long as the entry is retained
inline constexpr std::size_t kCommandsPerMessage = 128;      // as many as may be outstanding
inline constexpr std::uint8_t kBadCommandsMax = 10;  // in a minute on one connection; beyond it the client is broken
// `history` and `presence` answer with much more than they were asked with: so many at once for a connection or POST.
inline constexpr std::uint8_t kReadingsMax = 4;
inline constexpr std::size_t kStreamInputBytesMax = 64 * 1024;  // from an event stream's peer, who has nothing to say
inline constexpr std::size_t kPipelinedBytesMax = 128 * 1024;   // a client that pipelines is read no further ahead

// What goes out.

inline constexpr std::size_t kHistoryMax = 1'000;              // entries of one page: a reply is built whole
inline constexpr std::size_t kHistoryBytesMax = 256 * 1024;    // of one page, which has one entry at least
inline constexpr std::size_t kReplyQueueBytesMax = 64 * 1024;  // for one socket; then nothing more is read from it
inline constexpr int kPiecesMax = 128;                         // of one gather write; the kernel takes 1024
inline constexpr Duration kCloseBound = seconds(5);            // for a close frame to leave; then the socket is dropped
inline constexpr Duration kLingerBound = seconds(2);           // then for the peer to hang up
inline constexpr std::size_t kLingerBytesMax = std::size_t{32} << 20;  // or until it has sent so much

// What is remembered.

// The most that a connection, a command or a new session appends: 1,024 channels, each with its presence.
inline constexpr std::size_t kEntriesPerAct = 2'048;
// Intervals of a session kept for counting. Beyond it closed ones go as soon as nothing of them is retained, others a
// while later: subscribing and unsubscribing costs a client little.
inline constexpr std::size_t kIntervalsCounted = 1'024;
inline constexpr std::size_t kDisplacedMax = 64;        // wires of a session; the oldest is let in again
inline constexpr std::size_t kSweptMax = 256;           // clients a session that sent commands and stayed away
inline constexpr std::size_t kContestedMax = 65'536;    // entries handed over while a gap is open: half a megabyte
inline constexpr std::uint32_t kLoopsMax = 128;         // each costs a listener and an epoll
inline constexpr std::size_t kReadersMax = 256;         // of the ring: a loop each, and some
inline constexpr std::size_t kLogQueueLines = 8'192;    // then the oldest is dropped and counted
inline constexpr std::size_t kLogTextBytesMax = 2'048;  // of one text in a line
// Sampled deliveries that one loop logs in a second: as much as people can look at, and little beside the queue's
// lines.
inline constexpr std::uint32_t kSampledLinesASecond = 500;

}  // namespace mythos
