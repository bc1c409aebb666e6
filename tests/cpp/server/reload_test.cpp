#include "server/reload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mythos::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Reload, HasNothingToDoWhereNothingChanged) {
    const Reload reload = plan_reload(Config{}, Config{});
    EXPECT_THAT(reload.live, IsEmpty());
    EXPECT_THAT(reload.waits_for_restart, IsEmpty());
    EXPECT_EQ(reload.effective, Config{});
}

TEST(Reload, TakesTheLiveOptionsAndTellsTheOthers) {
    Config running, wanted;
    running.session.grace_s = 10;
    wanted.session.grace_s = 20;
    wanted.http.origins = {"https://a.example"};
    wanted.listen = "127.0.0.1:9000";
    wanted.journal.retention_entries = 64;
    const Reload reload = plan_reload(running, wanted);
    EXPECT_THAT(reload.live, ElementsAre(OptionChange{"session.grace_s", "10", "20"},
                                         OptionChange{"http.origins", "", "https://a.example"}));
    EXPECT_THAT(reload.waits_for_restart, ElementsAre(OptionChange{"listen", "127.0.0.1:8000", "127.0.0.1:9000"},
                                                      OptionChange{"journal.retention_entries", "131072", "64"}));
    Config expected = running;
    expected.session.grace_s = 20;
    expected.http.origins = {"https://a.example"};
    EXPECT_EQ(reload.effective, expected);
}

TEST(Reload, TellsADatabaseWithoutItsPassword) {
    Config running, wanted;
    running.store.url = "postgresql://ann:secret@db/game";
    wanted.store.url = "postgresql://ann:hidden@db/game";
    EXPECT_THAT(plan_reload(running, wanted).waits_for_restart,
                ElementsAre(OptionChange{"store.url", "postgresql://ann@db/game", "postgresql://ann@db/game"}));
}

TEST(Reload, TellsReceiversWithoutWhatKeepsOthersOut) {
    Config running, wanted;
    running.alerts.heartbeat_url = "https://beat.example/token";
    wanted.alerts.heartbeat_url = "https://ann:secret@beat.example";
    wanted.alerts.alertmanagers = {"http://a.example", "http://ann:secret@b.example/prefix"};
    EXPECT_THAT(plan_reload(running, wanted).waits_for_restart,
                ElementsAre(OptionChange{"alerts.alertmanagers", "", "http://..."},
                            OptionChange{"alerts.heartbeat_url", "https://beat.example/...", "https://..."}));
}

// Told again at each reload until the restart, because `running` keeps the old value.
TEST(Reload, KeepsTellingWhatWaits) {
    Config wanted;
    wanted.server.loops = 3;
    const Reload first = plan_reload(Config{}, wanted);
    EXPECT_EQ(plan_reload(first.effective, wanted).waits_for_restart, first.waits_for_restart);
}

}  // namespace
}  // namespace mythos::server
