#include "transport/acceptor.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "base/manual_clock.hpp"
#include "transport/client.hpp"

namespace mythos::transport {
namespace {

class AcceptorTest : public testing::Test {
protected:
    AcceptorTest() {
        auto listener = listen_tcp({});
        port = local_port(*listener);
        Acceptor::begin(
            loop, std::move(*listener), [this](Socket socket) { accepted.push_back(std::move(socket)); },
            [this] { ++pauses; });
    }
    void round() {
        loop.run_round(clock.mono());
        loop.bury();
    }

    ManualClock clock;
    EventLoop loop{clock};
    std::vector<Socket> accepted;
    int pauses = 0;
    std::uint16_t port = 0;
};

TEST_F(AcceptorTest, AcceptsAllThatWait) {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<TestClient>(port));
    round();
    EXPECT_LT(accepted.size(), 200u) << "those who are here have their turn between";
    for (int rounds = 0; rounds < 10; ++rounds) round();
    EXPECT_EQ(accepted.size(), 200u);
    EXPECT_EQ(pauses, 0);
}

// Lowers the limit of descriptors to what is open now, as long as it lives.
class NoMoreDescriptors {
public:
    NoMoreDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const int next = dup(0);
        close(next);
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(next);
        setrlimit(RLIMIT_NOFILE, &now);
    }
    ~NoMoreDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

TEST_F(AcceptorTest, RestsWithoutDescriptorsAndGoesOn) {
    const TestClient client(port);
    {
        const NoMoreDescriptors none;
        round();
        round();
        EXPECT_EQ(pauses, 1) << "it does not spin";
        EXPECT_TRUE(accepted.empty());
    }
    clock.advance(Acceptor::kPause);
    round();
    EXPECT_EQ(accepted.size(), 1u);
}

}  // namespace
}  // namespace mythos::transport
