#include "journal/entry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "protocol/ws_frame.hpp"

namespace mythos::journal {
namespace {

Draft message(std::string data, std::string key = {}) {
    Draft draft;
    draft.record.head = R"("type":"chat.said","channel":"room")";
    draft.record.data = std::move(data);
    draft.record.key = std::move(key);
    draft.record.ts = {1'764'000'000'123'456'789};
    draft.target = 9;
    draft.ordinal = 4;
    return draft;
}

struct Entries {
    explicit Entries(std::vector<Draft> drafts) : list(make_entries("k3f9", 1042, {77}, std::move(drafts))) {}
    ~Entries() {
        for (Entry* entry : list) entry->release();
    }
    std::vector<Entry*> list;
};

std::vector<Draft> drafts_of(std::initializer_list<std::string> data) {
    std::vector<Draft> out;
    for (const auto& d : data) out.push_back(message(d));
    return out;
}

TEST(EntryTest, TheJsonIsThatOfTheProtocolAndTheSameOnBothWires) {
    Entries made(drafts_of({R"({"text":"hi"})"}));
    const Entry& entry = *made.list[0];
    const std::string json =
        R"({"id":"k3f9-1042","type":"chat.said","channel":"room","ts":1764000000.123,"data":{"text":"hi"}})";
    EXPECT_EQ(entry.json(), json);
    EXPECT_EQ(entry.sse(), "id: k3f9-1042\ndata: " + json + "\n\n");
    std::string frame;
    protocol::append_ws_frame(frame, protocol::WsOpcode::text, json);
    EXPECT_EQ(entry.ws(), frame);
    EXPECT_EQ(entry.seq, 1042u);
    EXPECT_EQ(entry.target, 9u);
    EXPECT_EQ(entry.ordinal, 4u);
    EXPECT_EQ(entry.appended.ns, 77);
    EXPECT_EQ(message_json("k3f9-1042", message(R"({"text":"hi"})").record), json);
}

TEST(EntryTest, FramesOfEveryLengthClass) {
    for (const std::size_t size : {0u, 20u, 30u, 31u, 40u, 65'400u, 65'430u, 65'460u, 70'000u}) {
        Entries made(drafts_of({'"' + std::string(size, 'x') + '"'}));
        const auto header = protocol::parse_ws_header(made.list[0]->ws());
        ASSERT_EQ(header.error, protocol::WsHeaderError::none);
        EXPECT_EQ(header.header.payload_bytes, made.list[0]->json().size());
        EXPECT_EQ(header.size + header.header.payload_bytes, made.list[0]->ws().size());
        EXPECT_TRUE(nlohmann::json::accept(made.list[0]->json()));
    }
}

TEST(EntryTest, FramesOfABatchLieSideBySide) {
    auto drafts = drafts_of({"1", R"("two")", "3"});
    Draft control;
    control.record.kind = Kind::subscribed;
    control.record.session_id = "s_1";
    drafts.insert(drafts.begin() + 1, control);
    Entries made(std::move(drafts));
    ASSERT_EQ(made.list.size(), 4u);
    EXPECT_EQ(made.list[1]->kind, Kind::subscribed);
    EXPECT_EQ(made.list[1]->footprint(), sizeof(Entry)) << "a control entry has no frames";
    const Entry* messages[] = {made.list[0], made.list[2], made.list[3]};
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(messages[i]->ws().data() + messages[i]->ws().size(), messages[i + 1]->ws().data());
        EXPECT_EQ(messages[i]->sse().data() + messages[i]->sse().size(), messages[i + 1]->sse().data());
    }
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(made.list[i]->seq, 1042 + i);
}

TEST(EntryTest, TheBlockLivesAsLongAsOneOfItsEntriesIsHeld) {
    auto list = make_entries("e", 1, {}, drafts_of({"1", "2"}));
    list[1]->retain();
    list[0]->release();
    list[1]->release();
    EXPECT_NE(list[1]->ws().find(R"("data":2})"), std::string_view::npos);
    list[1]->release();
}

TEST(EntryTest, TheDeflatedFrameIsBuiltAtMostOnce) {
    Entries made(drafts_of({'"' + std::string(100, 'x') + '"'}));
    const Entry& entry = *made.list[0];
    int built = 0;
    const auto deflate = [&](std::string_view json) {
        EXPECT_EQ(json, entry.json());
        EXPECT_EQ(entry.deflated([](std::string_view) { return std::string("no"); }), nullptr) << "half-built";
        ++built;
        return std::string("short");
    };
    const DeflatedFrame* frame = entry.deflated(deflate);
    ASSERT_NE(frame, nullptr);
    EXPECT_EQ(frame->bytes, "short");
    EXPECT_EQ(entry.deflated(deflate), frame);
    EXPECT_EQ(built, 1);
}

TEST(EntryTest, ADeflatedFrameThatIsNotSmallerIsNotUsed) {
    Entries made(drafts_of({"1"}));
    int built = 0;
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(made.list[0]->deflated([&](std::string_view json) {
            ++built;
            return std::string(json.size() + 10, 'x');
        }),
                  nullptr);
    }
    EXPECT_EQ(built, 1);
}

TEST(EntryTest, TheFootprintCountsBothFramesAndTheKey) {
    Entries made({message("1"), message("1", "a-key")});
    EXPECT_EQ(made.list[1]->footprint(), made.list[0]->footprint() + 5);
    EXPECT_GE(made.list[0]->footprint(), made.list[0]->ws().size() + made.list[0]->sse().size());
}

}  // namespace
}  // namespace mythos::journal
