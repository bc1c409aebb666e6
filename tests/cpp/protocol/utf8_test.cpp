#include "protocol/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mythos::protocol {
namespace {

// The definition itself, from the code point's side: what an encoder may write.
std::string encode(std::uint32_t point) {
    std::string bytes;
    auto put = [&](std::uint32_t byte) { bytes.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | point >> 6), put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | point >> 12), put(0x80 | (point >> 6 & 0x3F)), put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | point >> 18), put(0x80 | (point >> 12 & 0x3F)), put(0x80 | (point >> 6 & 0x3F)),
            put(0x80 | (point & 0x3F));
    }
    return bytes;
}

TEST(Utf8, AcceptsEveryCodePointButSurrogates) {
    for (std::uint32_t point = 0; point < 0x120000; ++point) {
        const bool allowed = point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
        ASSERT_EQ(is_utf8(encode(point)), allowed) << std::hex << point;
    }
}

// Counted, so that nothing but the code points' own encodings can be among what is accepted.
TEST(Utf8, AcceptsExactlyTheCodePointsAmongAllLongStrings) {
    const auto accepted = [](std::uint32_t begin, std::uint32_t end, int size) {
        int count = 0;
        for (std::uint32_t value = begin; value != end; ++value) {
            std::string bytes;
            for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
            if (is_utf8(bytes)) ++count;
        }
        return count;
    };
    EXPECT_EQ(accepted(0x8000, 0x10000, 2), 0x800 - 0x80);
    EXPECT_EQ(accepted(0xE00000, 0xF00000, 3), 0x10000 - 0x800 - 0x800);
}

TEST(Utf8, RejectsOverlongSurrogatesTooLargeAndStray) {
    for (std::string_view bad :
         {"\xC0\x80", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF", "\xF0\x80\x80\xAF", "\xF0\x8F\xBF\xBF",
          "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF", "\x80", "\xBF",
          "\xCE", "\xE2\x82", "ascii first \xE2\x28\xA1", "\xF0\x9F\x98", "\xF5\x80\x80\x80"}) {
        EXPECT_FALSE(is_utf8(bad)) << ::testing::PrintToString(bad);
    }
}

TEST(Utf8, FailsAtTheFirstImpossibleByteAndStaysFailed) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed("\xF4"));
    EXPECT_FALSE(validator.complete());
    EXPECT_FALSE(validator.feed("\x90"));  // not only once the four bytes are there
    EXPECT_FALSE(validator.feed("plain"));
    EXPECT_FALSE(validator.complete());
    validator.reset();
    EXPECT_TRUE(validator.feed("plain"));
    EXPECT_TRUE(validator.complete());
}

TEST(Utf8, PiecesGiveTheAnswerOfTheWhole) {
    const std::string good = "aaaaaaaaaaaaaaaa κόσμε \xED\x9F\xBF \xEE\x80\x80 \xF4\x8F\xBF\xBF bbbbbbbbbbb";
    for (const std::string& text : {good, good + "\xED\xA0\x80" + good}) {
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            Utf8Validator validator;
            const bool first = validator.feed(std::string_view(text).substr(0, cut));
            const bool second = validator.feed(std::string_view(text).substr(cut));
            EXPECT_EQ(first && second && validator.complete(), is_utf8(text)) << cut;
        }
    }
}

TEST(Utf8, PrefixCutsNoCodePoint) {
    EXPECT_EQ(utf8_prefix("abc", 5), "abc");
    EXPECT_EQ(utf8_prefix("abc", 2), "ab");
    EXPECT_EQ(utf8_prefix("a\xE2\x82\xAC", 3), "a");
    EXPECT_EQ(utf8_prefix("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
    EXPECT_EQ(utf8_prefix("\xE2\x82\xAC", 1), "");
}

}  // namespace
}  // namespace mythos::protocol
