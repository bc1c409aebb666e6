// The scenarios of tests/vectors, which every client of Mythos has to pass, by equality.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "protocol/named_faults.hpp"
#include "protocol/vector_player.hpp"

namespace mythos::protocol {
namespace {

using Json = nlohmann::json;

struct Scenario {
    std::string file;
    Json json;
};

std::vector<Scenario> load() {
    std::vector<Scenario> all;
    for (const auto& entry : std::filesystem::directory_iterator(MYTHOS_SOURCE_DIR "/tests/vectors")) {
        if (entry.path().extension() != ".json") continue;
        std::ifstream in(entry.path());
        Json file = Json::parse(in);
        for (Json& scenario : file.at("scenarios")) {
            all.push_back({entry.path().stem().string(), std::move(scenario)});
        }
    }
    std::sort(all.begin(), all.end(), [](const Scenario& a, const Scenario& b) {
        return std::pair(a.file, a.json.at("name").get<std::string>()) <
               std::pair(b.file, b.json.at("name").get<std::string>());
    });
    return all;
}

std::string name_of(const Scenario& scenario) {
    return scenario.file + "_" + scenario.json.at("name").get<std::string>();
}

class Vectors : public testing::TestWithParam<Scenario> {};

TEST_P(Vectors, ComeOutAsWritten) {
    const Json& scenario = GetParam().json;
    VectorPlayer player(scenario.at("config"));
    int number = 0;
    for (const Json& step : scenario.at("steps")) {
        ASSERT_TRUE(step.contains("expect") && step.contains("deadline_ms")) << "step " << number;
        const Json played = player.play(step);
        ASSERT_EQ(played, step) << "step " << number << "\nreally: " << played.at("expect").dump(2)
                                << "\ndeadline_ms: " << played.at("deadline_ms");
        ++number;
    }
    EXPECT_EQ(player.end(), scenario.at("end"));
}

INSTANTIATE_TEST_SUITE_P(DualClient, Vectors, testing::ValuesIn(load()),
                         [](const auto& info) { return name_of(info.param); });

TEST(VectorFiles, AreAtLeastFortyScenariosWithNamesOfTheirOwnAndARule) {
    const auto all = load();
    std::set<std::string> names;
    for (const Scenario& scenario : all) {
        names.insert(name_of(scenario));
        EXPECT_FALSE(scenario.json.at("rule").get<std::string>().empty()) << name_of(scenario);
    }
    EXPECT_GE(all.size(), 40u);
    EXPECT_EQ(names.size(), all.size());
}

bool passes(const Json& scenario, const ClientFaults& faults) {
    VectorPlayer player(scenario.at("config"), faults);
    for (const Json& step : scenario.at("steps")) {
        if (player.play(step) != step) return false;
    }
    return player.end() == scenario.at("end");
}

// A client that breaks a rule does not pass them all.
TEST(VectorFiles, NoticeEveryBrokenRule) {
    const auto all = load();
    for (const auto& [name, fault] : kNamedFaults) {
        ClientFaults faults;
        faults.*fault = true;
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Scenario& s) { return !passes(s.json, faults); }))
            << name;
    }
}

TEST(VectorFiles, NoticeAMissingOutput) {
    for (Scenario& scenario : load()) {
        ASSERT_TRUE(passes(scenario.json, {})) << name_of(scenario);
        Json& steps = scenario.json.at("steps");
        const auto step =
            std::find_if(steps.begin(), steps.end(), [](const Json& s) { return !s.at("expect").empty(); });
        ASSERT_NE(step, steps.end()) << name_of(scenario);
        step->at("expect").erase(0);
        EXPECT_FALSE(passes(scenario.json, {})) << name_of(scenario);
    }
}

}  // namespace
}  // namespace mythos::protocol
