#include "protocol/sse.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mythos::protocol {
namespace {

using namespace std::string_literals;

std::string block(std::string_view id, std::string_view data, std::optional<std::uint32_t> retry_ms = std::nullopt) {
    std::string out;
    append_sse_block(out, id, data, retry_ms);
    return out;
}

TEST(Sse, WritesABlock) {
    EXPECT_EQ(block("k3f9-1042", R"({"type":"x"})"), "id: k3f9-1042\ndata: {\"type\":\"x\"}\n\n");
    EXPECT_EQ(block("k3f9-0", "{}", 1500), "id: k3f9-0\nretry: 1500\ndata: {}\n\n");
    EXPECT_EQ(block("a", ""), "id: a\ndata: \n\n");
}

TEST(Sse, GivesEachLineOfTheDataItsField) {
    EXPECT_EQ(block("a", "one\ntwo\rthree\r\nfour"), "id: a\ndata: one\ndata: two\ndata: three\ndata: four\n\n");
    EXPECT_EQ(block("a", "x\n\nid: forged\n"), "id: a\ndata: x\ndata: \ndata: id: forged\ndata: \n\n");
}

TEST(Sse, KeepsLineEndsAndNulOutOfTheId) { EXPECT_EQ(block("a\r\nb\0c"s, "x"), "id: abc\ndata: x\n\n"); }

TEST(Sse, AppendsToWhatIsThere) {
    std::string out = "before";
    append_sse_comment(out, "");
    EXPECT_EQ(out, "before: \n\n");
    out.clear();
    append_sse_comment(out, "a\ndata: forged");
    EXPECT_EQ(out, ": a\n: data: forged\n\n");
}

}  // namespace
}  // namespace mythos::protocol
