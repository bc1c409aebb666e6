// `GET /monitoring/config`: what is in force of each option, and what the option does. Secrets are not told.
//
// Thread-safety: any thread.
#pragma once

#include <mutex>
#include <string>

#include "monitor/answers.hpp"
#include "server/config.hpp"

namespace mythos::server {

// As JSON text: `{"options":[{"name","value","default","takes","live","help"},…]}`, in the order of the reference page.
std::string config_json(const Config& config);

// What is told now.
class ConfigBoard {
public:
    void tell(std::string json) {
        const std::lock_guard lock(mutex_);
        json_ = std::move(json);
    }
    std::string json() const {
        const std::lock_guard lock(mutex_);
        return json_;
    }

private:
    mutable std::mutex mutex_;
    std::string json_;  // guarded by mutex_
};

// `board` outlives the answers.
void add_config_view(monitor::Answers& answers, const ConfigBoard& board);

}  // namespace mythos::server
