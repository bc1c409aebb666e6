#include "store/wall_text.hpp"

#include <gtest/gtest.h>

namespace mythos::store {
namespace {

constexpr WallTime kThen{1'767'729'300'123'000'000};  // 2026-01-06 19:55:00.123

TEST(WallTextTest, IsReadBackAsItWasWritten) {
    EXPECT_EQ(wall_text(kThen), "2026-01-06 19:55:00.123+00:00");
    EXPECT_EQ(wall_text({0}), "1970-01-01 00:00:00.000+00:00");
    EXPECT_EQ(wall_text({-1'000'000}), "1969-12-31 23:59:59.999+00:00");
    for (const WallTime t : {kThen, WallTime{0}, WallTime{-1'000'000}, WallTime{951'782'400'000'000'000}})
        EXPECT_EQ(parse_wall_text(wall_text(t)), t);
}

TEST(WallTextTest, ReadsWhatPostgresqlAnswersInUtc) {
    EXPECT_EQ(parse_wall_text("2026-01-06 19:55:00.123+00"), kThen);
    EXPECT_EQ(parse_wall_text("2026-01-06 19:55:00+00"), WallTime{1'767'729'300'000'000'000});
    EXPECT_EQ(parse_wall_text("2026-01-06 19:55:00.1+00"), WallTime{1'767'729'300'100'000'000});
}

TEST(WallTextTest, RefusesWhatIsNone) {
    for (const char* text :
         {"", "2026-01-06", "2026-02-30 00:00:00+00", "2026-01-06 19:55:00+01", "x026-01-06 19:55:00+00"})
        EXPECT_FALSE(parse_wall_text(text).has_value()) << text;
}

}  // namespace
}  // namespace mythos::store
