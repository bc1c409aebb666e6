#include "transport/trace_context.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

TEST(TraceContext, IsTheTraceOfAValidHeader) {
    EXPECT_EQ(trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), kTrace);
    EXPECT_EQ(trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"), kTrace);
}

TEST(TraceContext, ALaterVersionMayAppend) {
    EXPECT_EQ(trace_id_of("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), kTrace);
    EXPECT_EQ(trace_id_of("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-will-be"), kTrace);
    EXPECT_EQ(trace_id_of("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what"), "");
}

TEST(TraceContext, NothingElseIsOne) {
    for (const std::string_view wrong : {
             "",
             "00",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
             "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
         })
        EXPECT_EQ(trace_id_of(wrong), "") << wrong;
}

TEST(TraceContext, OfARequestWithOneSuchHeader) {
    constexpr std::string_view kHeader = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    HttpRequest request;
    EXPECT_EQ(trace_id_of(request), "");
    request.headers.emplace_back("Traceparent", kHeader);
    EXPECT_EQ(trace_id_of(request), kTrace);
    request.headers.emplace_back("traceparent", kHeader);
    EXPECT_EQ(trace_id_of(request), "");
}

}  // namespace
}  // namespace mythos::transport
