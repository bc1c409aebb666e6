#include "protocol/promotion.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

using Step = Promotion::Step;
using Views = std::array<WireView, 2>;

constexpr WireView kDown{};
constexpr WireView kCarries{true, true, true, false};
constexpr WireView kCarriesInDoubt{true, false, true, false};
constexpr WireView kHeld{true, true, false, false};
constexpr WireView kHeldInDoubt{true, false, false, false};
constexpr WireView kOverflowed{true, true, false, true};

MonoTime at(std::int64_t ms) { return MonoTime{} + milliseconds(ms); }

TEST(PromotionWanted, OnlyWhereNoHealthyWireCarries) {
    EXPECT_EQ(promotion_wanted({kDown, kDown}), std::nullopt);
    EXPECT_EQ(promotion_wanted({kCarries, kHeld}), std::nullopt);
    EXPECT_EQ(promotion_wanted({kCarries, kCarries}), std::nullopt);
    EXPECT_EQ(promotion_wanted({kDown, kHeld}), Wire::sse);
    EXPECT_EQ(promotion_wanted({kHeld, kHeld}), Wire::websocket);
    EXPECT_EQ(promotion_wanted({kCarriesInDoubt, kHeld}), Wire::sse);
    EXPECT_EQ(promotion_wanted({kHeldInDoubt, kHeld}), Wire::sse);
}

TEST(PromotionWanted, AWireInDoubtOnlyWhereNothingElseLives) {
    EXPECT_EQ(promotion_wanted({kCarriesInDoubt, kHeldInDoubt}), std::nullopt);
    EXPECT_EQ(promotion_wanted({kDown, kHeldInDoubt}), Wire::sse);
    EXPECT_EQ(promotion_wanted({kHeldInDoubt, kHeldInDoubt}), Wire::websocket);
}

TEST(PromotionWanted, AnOverflowedWireInAnyCase) { EXPECT_EQ(promotion_wanted({kCarries, kOverflowed}), Wire::sse); }

TEST(Promotion, AsksAgainThenGivesUp) {
    const ClientConfig config;
    Promotion promotion(config);
    const Views views{kDown, kHeld};
    std::int64_t now = 0;
    for (int i = 0; i < config.promote_attempts_max; ++i, now += 1'000) {
        ASSERT_EQ(promotion.decide(at(now), views).step, Step::ask);
        promotion.asked(Wire::sse, at(now));
        EXPECT_TRUE(promotion.awaits(Wire::sse));
        EXPECT_EQ(promotion.deadline(), at(now + 1'000));
        EXPECT_EQ(promotion.decide(at(now + 999), views).step, Step::wait);
    }
    EXPECT_EQ(promotion.decide(at(now), views).step, Step::give_up);
}

TEST(Promotion, ForgetsWhatIsNoLongerWanted) {
    const ClientConfig config;
    Promotion promotion(config);
    ASSERT_EQ(promotion.decide(at(0), {kDown, kHeld}).step, Step::ask);
    promotion.asked(Wire::sse, at(0));
    EXPECT_EQ(promotion.decide(at(10), {kCarries, kHeld}).step, Step::wait);
    EXPECT_FALSE(promotion.awaits(Wire::sse));
    EXPECT_EQ(promotion.deadline(), std::nullopt);
}

TEST(Promotion, WritesTheMessage) {
    EXPECT_EQ(promote_text("k\"1", {"e1", 7}), R"({"type":"promote","data":{"connection_id":"k\"1","cursor":"e1-7"}})");
}

}  // namespace
}  // namespace mythos::protocol
