#include "stats/errors.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mythos::stats {
namespace {

TEST(ErrorsTest, EachKindIsCountedForItself) {
    std::set<std::size_t> indices;
    for (std::size_t type = 0; type < kErrorTypes.size(); ++type)
        for (std::size_t severity = 0; severity < kSeverities.size(); ++severity)
            indices.insert(index_of(static_cast<ErrorType>(type), static_cast<Severity>(severity)));
    EXPECT_EQ(indices.size(), kErrors);
    EXPECT_EQ(*indices.rbegin(), kErrors - 1);

    ErrorShard shard;
    shard.add(index_of(ErrorType::session, Severity::high), 2);
    EXPECT_EQ(shard.read(index_of(ErrorType::session, Severity::high)), 2u);
    EXPECT_EQ(shard.read(index_of(ErrorType::session, Severity::critical)), 0u);
    EXPECT_EQ(shard.read(index_of(ErrorType::message_delivery, Severity::high)), 0u);
}

TEST(ErrorsTest, NamesAreTheGuides) {
    EXPECT_EQ(name_of(ErrorType::message_delivery), "message_delivery_error");
    EXPECT_EQ(name_of(ErrorType::validation), "validation_error");
    EXPECT_EQ(name_of(Severity::critical), "critical");
    EXPECT_EQ(error_type_named("session_error"), ErrorType::session);
    EXPECT_EQ(error_type_named("session"), std::nullopt);
    EXPECT_EQ(severity_named("high"), Severity::high);
}

}  // namespace
}  // namespace mythos::stats
