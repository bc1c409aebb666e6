#include "store/history_writer.hpp"

#include <gmock/gmock.h>

#include "store/database.hpp"

namespace mythos::store {
namespace {

using Kind = Event::Kind;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

class HistoryWriterTest : public testing::Test {
protected:
    void SetUp() override {
        session.prepare();
        migrate(session, at(0));
        writer.begin(at(0));
    }
    std::vector<HistoryRow> rows(HistoryQuery::Table table = HistoryQuery::Table::connections) {
        return read_rows(session, {.table = table});
    }
    // The server starts again without having said good-bye, `after` later.
    void start_again(Session& with, std::int64_t after, const char* server_id = "here:1") {
        const ServerRun next{"r_2", server_id, at(after)};
        HistoryWriter(with, next).begin(at(after));
    }

    Database database;
    Session session{database.url()};
    const ServerRun run{"r_1", "here:1", at(0)};
    HistoryWriter writer{session, run};
};

auto closed_as(const char* id, const char* reason, std::int64_t when) {
    return AllOf(Field(&HistoryRow::connection_id, id), Field(&HistoryRow::close_reason, reason),
                 Field(&HistoryRow::closed_at, at(when)));
}

TEST_F(HistoryWriterTest, AConnectionsRowIsOpenedAndClosed) {
    writer.write(std::vector{connection_event(Kind::connection_opened, "k_1", 10)}, at(11));
    ASSERT_EQ(rows().size(), 1u);
    EXPECT_EQ(rows()[0].remote_address, "127.0.0.1:5");
    EXPECT_EQ(rows()[0].connection_type, "sse");
    EXPECT_EQ(rows()[0].server_id, "here:1");
    EXPECT_FALSE(rows()[0].closed_at.has_value());
    writer.write(std::vector{connection_event(Kind::connection_closed, "k_1", 10, 20)}, at(21));
    EXPECT_THAT(rows(), ElementsAre(closed_as("k_1", "heartbeat_missed", 20)));
    EXPECT_EQ(rows()[0].close_code, 4004);
    EXPECT_EQ(rows()[0].remote_address, "127.0.0.1:5") << "a closing does not take away what the opening told";
}

TEST_F(HistoryWriterTest, ABatchMayBeWrittenAgain) {
    const std::vector batch{
        connection_event(Kind::connection_opened, "k_1", 10), connection_event(Kind::connection_closed, "k_1", 10, 20),
        session_event(Kind::session_opened, "s_1", 9), session_event(Kind::session_closed, "s_1", 9, 30)};
    writer.write(batch, at(31));
    writer.write(batch, at(32));
    EXPECT_THAT(rows(), ElementsAre(closed_as("k_1", "heartbeat_missed", 20)));
    const auto sessions = rows(HistoryQuery::Table::sessions);
    ASSERT_EQ(sessions.size(), 1u);
    EXPECT_EQ(sessions[0].close_reason, "expired");
    EXPECT_EQ(sessions[0].closed_at, at(30));
}

TEST_F(HistoryWriterTest, AClosingWhoseOpeningWasDroppedIsAWholeRow) {
    writer.write(std::vector{connection_event(Kind::connection_closed, "k_1", 10, 20)}, at(21));
    ASSERT_THAT(rows(), ElementsAre(closed_as("k_1", "heartbeat_missed", 20)));
    EXPECT_EQ(rows()[0].player_id, "ann");
    EXPECT_EQ(rows()[0].client_id, "tab");
    EXPECT_EQ(rows()[0].created_at, at(10));
}

TEST_F(HistoryWriterTest, TheSameServersNextRunClosesWhatACrashLeftOpen) {
    writer.write(std::vector{connection_event(Kind::connection_opened, "k_1", 10),
                             session_event(Kind::session_opened, "s_1", 9)},
                 at(11));
    writer.touch(at(15));
    start_again(session, 100);
    EXPECT_THAT(rows(), ElementsAre(closed_as("k_1", "server_lost", 15))) << "it was last seen then";
    EXPECT_EQ(rows(HistoryQuery::Table::sessions)[0].close_reason, "server_lost");
}

TEST_F(HistoryWriterTest, AnotherServersRowsAreLeftAloneUntilItWasNotSeenForLong) {
    writer.write(std::vector{connection_event(Kind::connection_opened, "k_1", 10)}, at(11));
    start_again(session, 100, "elsewhere:1");
    EXPECT_FALSE(rows()[0].closed_at.has_value());
    const ServerRun third{"r_3", "elsewhere:1", at(5'000)};
    HistoryWriter(session, third).begin(at(5'000));
    EXPECT_THAT(rows(), ElementsAre(closed_as("k_1", "server_lost", 11)));
}

TEST_F(HistoryWriterTest, WhoWasOnlyThoughtToBeLostTakesItBack) {
    writer.write(std::vector{connection_event(Kind::connection_opened, "k_1", 10),
                             connection_event(Kind::connection_opened, "k_2", 10)},
                 at(11));
    start_again(session, 100);
    writer.write(std::vector{connection_event(Kind::connection_closed, "k_1", 10, 120)}, at(120));
    EXPECT_THAT(rows(), testing::Contains(closed_as("k_1", "heartbeat_missed", 120)));
    writer.begin(at(130));  // as after a lost connection
    const auto found = rows();
    const auto other = std::ranges::find(found, "k_2", &HistoryRow::connection_id);
    ASSERT_NE(other, found.end());
    EXPECT_FALSE(other->closed_at.has_value());
}

TEST_F(HistoryWriterTest, TheEndClosesWhatIsStillOpen) {
    writer.write(std::vector{connection_event(Kind::connection_opened, "k_1", 10)}, at(11));
    writer.end(at(50));
    EXPECT_THAT(rows(), ElementsAre(closed_as("k_1", "server_stopped", 50)));
    start_again(session, 100);
    EXPECT_THAT(rows(), ElementsAre(closed_as("k_1", "server_stopped", 50))) << "it was not lost";
}

TEST_F(HistoryWriterTest, RetentionTakesWhatIsClosedInPortions) {
    std::vector<Event> events{connection_event(Kind::connection_opened, "open", 1)};
    const int n = kPruneRows + 5;
    for (int i = 0; i < n; ++i)
        events.push_back(connection_event(Kind::connection_closed, "k_" + std::to_string(i), 1, 2));
    events.push_back(connection_event(Kind::connection_closed, "young", 1, 900));
    writer.write(events, at(900));
    EXPECT_TRUE(writer.prune(at(500)));
    EXPECT_EQ(rows().size(), 7u);
    EXPECT_FALSE(writer.prune(at(500)));
    EXPECT_EQ(rows().size(), 2u) << "one is open, one is young";
}

TEST_F(HistoryWriterTest, AFailedBatchLeavesNothing) {
    Event bad = connection_event(Kind::connection_closed, "k_2", 1, 2);
    session.sql() << "CREATE TRIGGER no BEFORE INSERT ON connections WHEN NEW.connection_id = 'k_2' "
                     "BEGIN SELECT RAISE(ABORT, 'no'); END";
    EXPECT_THROW(writer.write(std::vector{connection_event(Kind::connection_closed, "k_1", 1, 2), bad}, at(3)),
                 soci::soci_error);
    EXPECT_THAT(rows(), IsEmpty());
}

}  // namespace
}  // namespace mythos::store
