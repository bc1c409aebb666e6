// The facade where the vectors cannot look: exact bytes, bounds, real jitter.
// Its rules are in tests/vectors, its promise in dual_client_model_test.cpp.
#include "protocol/dual_client.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace mythos::protocol {
namespace {

MonoTime at(std::int64_t ms) { return MonoTime{} + milliseconds(ms); }

std::string welcome(const std::string& connection) {
    return R"({"type":"mythos.welcome","data":{"session_id":"s1","connection_id":")" + connection +
           R"(","epoch":"e1","cursor":"e1-0","mode":"mirror","heartbeat_ms":15000}})";
}

ClientConfig config(std::uint64_t seed = 1) {
    ClientConfig c;
    c.client_id = "tab";
    c.jitter_seed = seed;
    return c;
}

template <class T>
const T* last(DualClient& client) {
    const T* found = nullptr;
    for (const Output& output : client.outputs()) {
        if (const auto* value = std::get_if<T>(&output)) found = value;
    }
    return found;
}

TEST(DualClient, PassesAnEntrysBytesOnUntouched) {
    DualClient client(config());
    client.start(at(0));
    client.message(at(1), Wire::websocket, 1, welcome("k1"));
    const std::string json =
        "{\"id\":\"e1-1\", \"type\":\"said\",\"data\":{\"z\":1,\"a\":12345678901234567890123,\"s\":\"\\u00e9\"}}";
    client.message(at(2), Wire::websocket, 1, json);
    ASSERT_NE(last<DeliverEntry>(client), nullptr);
    EXPECT_EQ(last<DeliverEntry>(client)->json, json);
    EXPECT_EQ(format_cursor(*client.applied()), "e1-1");
}

TEST(DualClient, SpreadsTheReturnsOfManyClients) {
    std::set<std::int64_t> returns;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        DualClient client(config(seed));
        client.start(at(0));
        client.message(at(1), Wire::websocket, 1, welcome("k1"));
        client.message(at(1), Wire::sse, 2, welcome("k2"));
        client.wire_closed(at(2'000), Wire::websocket, 1, {});
        const auto back = *client.next_deadline();
        EXPECT_GE(back, at(2'000));
        EXPECT_LT(back, at(2'020));
        returns.insert(back.ns);
    }
    EXPECT_GT(returns.size(), 90u);
}

TEST(DualClient, ATickAtTheDeadlineMovesTheDeadline) {
    DualClient client(config());
    client.start(at(0));
    for (int i = 0; i < 1'000; ++i) {
        const auto deadline = client.next_deadline();
        ASSERT_TRUE(deadline);
        client.tick(*deadline);
        client.outputs().clear();
        ASSERT_TRUE(!client.next_deadline() || *client.next_deadline() > *deadline) << i;
    }
}

TEST(DualClient, RefusesStatisticsThatAreNotJson) {
    DualClient client(config());
    client.start(at(0));
    client.message(at(1), Wire::websocket, 1, welcome("k1"));
    client.set_statistics("{\"a\":");
    client.message(at(2), Wire::websocket, 1, R"({"type":"mythos.heartbeat","data":{"cursor":"e1-0"}})");
    ASSERT_NE(last<SendText>(client), nullptr);
    EXPECT_EQ(last<SendText>(client)->text.find("application"), std::string::npos);
}

TEST(DualClient, IsSilentBeforeStartAndAfterStop) {
    DualClient client(config());
    client.tick(at(0));
    client.message(at(0), Wire::websocket, 1, welcome("k1"));
    EXPECT_EQ(client.send_command(at(0), "say", "").error().code, "stopped");
    EXPECT_TRUE(client.outputs().empty());
    EXPECT_EQ(client.next_deadline(), std::nullopt);
    client.start(at(1));
    client.stop(at(2));
    client.outputs().clear();
    client.wire_closed(at(3), Wire::websocket, 1, {});
    client.post_answered(at(3), 1, 200, "[]");
    client.tick(at(9'999));
    client.stop(at(10'000));
    EXPECT_TRUE(client.outputs().empty());
    EXPECT_EQ(client.next_deadline(), std::nullopt);
}

TEST(DualClient, StatusCanBeRead) {
    DualClient client(config());
    client.start(at(0));
    EXPECT_EQ(client.wire_status(Wire::websocket), WireStatus::connecting);
    client.message(at(1), Wire::websocket, 1, welcome("k1"));
    EXPECT_EQ(client.wire_status(Wire::websocket), WireStatus::live);
    EXPECT_EQ(client.session_id(), "s1");
}

}  // namespace
}  // namespace mythos::protocol
