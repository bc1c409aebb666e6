#include "server/config_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/manual_clock.hpp"
#include "monitor/asked.hpp"
#include "server/options.hpp"

namespace mythos::server {
namespace {

using nlohmann::json;

json option_named(const json& told, std::string_view name) {
    for (const json& option : told["options"])
        if (option["name"] == name) return option;
    return nullptr;
}

TEST(ConfigViewTest, TellsEachOptionWithWhatItDoes) {
    Config config;
    config.session.grace_s = 17;
    const json told = json::parse(config_json(config));
    EXPECT_EQ(told["options"].size(), all_options().size());
    const json grace = option_named(told, "session.grace_s");
    EXPECT_EQ(grace["value"], "17");
    EXPECT_NE(grace["default"], "17");
    EXPECT_EQ(grace["live"], true);
    EXPECT_FALSE(grace["help"].get<std::string>().empty());
    EXPECT_FALSE(grace["takes"].get<std::string>().empty());
}

TEST(ConfigViewTest, TellsNoSecret) {
    Config config;
    config.store.url = "postgresql://ann:hush-hush@db/game";
    config.alerts.alertmanagers = {"http://ann:hush-hush@am:9093"};
    config.alerts.heartbeat_url = "https://beat.example/hush-hush";
    const std::string told = config_json(config);
    EXPECT_EQ(told.find("hush-hush"), std::string::npos) << told;
    EXPECT_NE(told.find("db/game"), std::string::npos);
}

TEST(ConfigViewTest, AnswersWhatIsInForceNow) {
    ConfigBoard board;
    ManualClock clock;
    observe::ErrorTracker errors{clock};
    monitor::Answers answers{errors};
    add_config_view(answers, board);
    for (const char* text : {"{\"options\":[]}", "{\"options\":[1]}"}) {
        board.tell(text);
        EXPECT_EQ(monitor::asked(answers, {transport::Route::configuration})->body, text);
    }
}

}  // namespace
}  // namespace mythos::server
