#include "store/history_reader.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "store/database.hpp"

namespace mythos::store {
namespace {

using Kind = Event::Kind;
using nlohmann::json;

class HistoryReaderTest : public testing::Test {
protected:
    void SetUp() override {
        Session session(database.url());
        session.prepare();
        migrate(session, at(0));
        const ServerRun run{"r_1", "here:1", at(0)};
        HistoryWriter writer(session, run);
        writer.begin(at(0));
        Event bob = connection_event(Kind::connection_opened, "k_3", 30);
        bob.player_id = "bob";
        writer.write(std::vector{connection_event(Kind::connection_opened, "k_1", 10),
                                 connection_event(Kind::connection_closed, "k_1", 10, 20),
                                 connection_event(Kind::connection_closed, "k_2", 15, 25), bob,
                                 session_event(Kind::session_opened, "s_1", 9)},
                     at(40));
    }
    std::vector<std::string> ids(const HistoryQuery& query) {
        std::vector<std::string> out;
        for (const json& row : json::parse(database.connections(query))) out.push_back(row["connection_id"]);
        return out;
    }
    Database database;
};

TEST_F(HistoryReaderTest, TellsARowWithAllThatIsKnownOfIt) {
    EXPECT_EQ(json::parse(database.connections({.player_id = "ann", .limit = 2}))[1], json::parse(R"({
        "player_id": "ann", "session_id": "s_1", "client_id": "tab", "connection_id": "k_1", "wire": "sse",
        "remote_address": "127.0.0.1:5", "close_code": 4004, "server_id": "here:1",
        "created_at": "2026-01-06T00:00:10.000000Z", "closed_at": "2026-01-06T00:00:20.000000Z",
        "close_reason": "heartbeat_missed"})"));
    EXPECT_EQ(json::parse(database.sessions()), json::parse(R"([{
        "player_id": "ann", "session_id": "s_1", "server_id": "here:1",
        "created_at": "2026-01-06T00:00:09.000000Z", "closed_at": null, "close_reason": null}])"));
}

TEST_F(HistoryReaderTest, NewestFirstOfWhomAndSinceWhenWasAsked) {
    using Ids = std::vector<std::string>;
    EXPECT_EQ(ids({}), (Ids{"k_3", "k_2", "k_1"}));
    EXPECT_EQ(ids({.player_id = "ann"}), (Ids{"k_2", "k_1"}));
    EXPECT_EQ(ids({.session_id = "s_1", .since = at(15)}), (Ids{"k_3", "k_2"}));
    EXPECT_EQ(ids({.limit = 1}), (Ids{"k_3"}));
    EXPECT_EQ(ids({.player_id = "nobody' OR '1' = '1"}), Ids{});
}

TEST_F(HistoryReaderTest, SaysWhatIsWrongInAWord) {
    EXPECT_EQ(read_history(parse_store_url("none").value(), {}).error().code, "store_off");
    const StoreUrl nowhere = parse_store_url("sqlite:////nowhere/at/all.db").value();
    EXPECT_EQ(read_history(nowhere, {}).error().code, "unreachable");
    const StoreUrl closed = parse_store_url("postgresql://ann:secret@127.0.0.1:1/game").value();
    const Error error = read_history(closed, {}).error();
    EXPECT_EQ(error.code, "unreachable");
    EXPECT_EQ(error.message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace mythos::store
