// The server's delivery counters against the append history:
// owed = written + told as gap + conflated + unsent at the session's end.
//
// Computable where no process died, no client was forgotten while its session lived and
// every session has ended; plans with `accounts` see to that. The account of a client
// begins where its first stream of the session begins, as that stream's welcome says.
// Written is what the server's bytes hold, on either wire of the client, once; less what was
// conflated before it was written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/owed.hpp"
#include "sim/transcript.hpp"

namespace mythos::sim {

// A connection that was let in, in the order in which they were.
struct AdmittedLink {
    std::string session;
    std::string client_id;
    std::string bytes;  // that the server wrote to it
    bool websocket = true;
    bool deflate = false;
};

struct DeliveryCounts {
    std::uint64_t written = 0;
    std::uint64_t gap = 0;
    std::uint64_t conflated = 0;
    std::uint64_t unsent = 0;
};

// What does not add up, as sentences. Nothing is said where a first welcome was never written.
std::vector<std::string> check_accounts(const Owed& owed, const std::vector<AdmittedLink>& admitted,
                                        const DeliveryCounts& counts);

}  // namespace mythos::sim
