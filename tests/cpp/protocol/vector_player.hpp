// Plays a scenario of tests/vectors (format: tests/vectors/README.md) against DualClient
// and gives what came out, in the vectors' own JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "protocol/dual_client.hpp"

namespace mythos::protocol {

class VectorPlayer {
public:
    explicit VectorPlayer(const nlohmann::json& config, const ClientFaults& faults = {});

    // Gives the step itself with `expect`, `deadline_ms` and, for a command, `result`
    // as they really are.
    nlohmann::json play(const nlohmann::json& step);

    // The state after the last step: applied, counters.
    nlohmann::json end() const;

private:
    void input(const nlohmann::json& step, nlohmann::json& played);

    MonoTime now_;
    DualClient client_;
};

}  // namespace mythos::protocol
