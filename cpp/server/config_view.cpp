#include "server/config_view.hpp"

#include "monitor/timing_json.hpp"
#include "server/options.hpp"

namespace mythos::server {

std::string config_json(const Config& config) {
    monitor::Json options = monitor::Json::array();
    for (const Option& option : all_options()) {
        options.push_back({{"name", option.name},
                           {"value", shown_text_of(option, config)},
                           {"default", shown_text_of(option, Config{})},
                           {"takes", expected_by(option)},
                           {"live", option.live},
                           {"help", option.help}});
    }
    return monitor::print({{"options", std::move(options)}});
}

void add_config_view(monitor::Answers& answers, const ConfigBoard& board) {
    answers.add(transport::Route::configuration, [&board](const monitor::MonitorRequest&) -> monitor::MonitorAnswer {
        return monitor::json_response(board.json());
    });
}

}  // namespace mythos::server
