#include "transport/socket.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <vector>

#include "transport/client.hpp"

namespace mythos::transport {
namespace {

int option(const Socket& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    getsockopt(socket.descriptor(), level, name, &value, &size);
    return value;
}

Socket accept_from(const Socket& listener) {
    // The kernel has finished the handshake before the client's connect returns.
    return Socket(accept4(listener.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

TEST(Socket, ListensOnAFreePortThatSeveralLoopsShare) {
    auto first = listen_tcp({});
    ASSERT_TRUE(first);
    ListenOptions options;
    options.port = local_port(*first);
    EXPECT_NE(options.port, 0);
    auto second = listen_tcp(options);
    ASSERT_TRUE(second);
    EXPECT_EQ(local_port(*second), options.port);
}

TEST(Socket, TellsThatAPortIsTaken) {
    auto listener = listen_tcp({});
    ASSERT_TRUE(listener);
    ListenOptions options;
    options.port = local_port(*listener);
    EXPECT_EQ(check_address_is_free(options).error().code, "address_in_use");
    listener->close();
    EXPECT_TRUE(check_address_is_free(options));
}

TEST(Socket, RefusesWhatIsNoAddress) {
    ListenOptions options;
    options.host = "localhost";
    EXPECT_EQ(listen_tcp(options).error().code, "bad_address");
    EXPECT_EQ(check_address_is_free(options).error().code, "bad_address");
    options.host = "192.0.2.1";
    EXPECT_EQ(listen_tcp(options).error().code, "address_not_available");
}

TEST(Socket, AcceptedSocketsInheritTheListenersOptions) {
    ListenOptions options;
    options.user_timeout = seconds(30);
    auto listener = listen_tcp(options);
    ASSERT_TRUE(listener);
    const TestClient client(local_port(*listener));
    const Socket socket = accept_from(*listener);
    ASSERT_TRUE(socket.is_open());
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
    EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPIDLE), 15);
    EXPECT_TRUE(remote_address(socket).starts_with("127.0.0.1:"));
}

TEST(Socket, WritesMorePiecesThanTheKernelTakesAtOnce) {
    auto listener = listen_tcp({});
    TestClient client(local_port(*listener));
    const Socket socket = accept_from(*listener);
    std::string letters = "ab";
    std::vector<iovec> pieces(3 * IOV_MAX, iovec{letters.data(), 1});
    EXPECT_EQ(write_some(socket, pieces.data(), static_cast<int>(pieces.size())), 3 * IOV_MAX);
    EXPECT_EQ(client.read_bytes(3 * IOV_MAX), std::string(3 * IOV_MAX, 'a'));
}

TEST(Socket, TellsAFullSocketFromADeadOne) {
    auto listener = listen_tcp({});
    TestClient client(local_port(*listener));
    const Socket socket = accept_from(*listener);
    std::array<char, 16> buffer;
    EXPECT_EQ(read_some(socket, buffer), 0);
    const std::string much(1 << 20, 'x');
    std::int64_t taken = 1;
    while (taken > 0) taken = write_some(socket, much);
    EXPECT_EQ(taken, 0);
    const auto ack = kernel_ack(socket);
    ASSERT_TRUE(ack);
    EXPECT_FALSE(ack->all_acknowledged);
    client.hang_up_with_reset();
    EXPECT_EQ(write_some(socket, much), -1);
    EXPECT_EQ(read_some(socket, buffer), -1);
}

TEST(Socket, OwnsItsDescriptor) {
    auto listener = listen_tcp({});
    Socket moved = std::move(*listener);
    EXPECT_FALSE(listener->is_open());
    EXPECT_TRUE(moved.is_open());
    moved.close();
    EXPECT_FALSE(moved.is_open());
}

TEST(Socket, AForksChildGivesItsSocketsUp) {
    auto listener = listen_tcp({});
    TestClient client(local_port(*listener));
    auto other = listen_tcp({});
    const Socket accepted = accept_from(*listener);
    const pid_t child = ::fork();
    if (child == 0) {
        close_inherited(local_port(*listener));
        const bool gone = local_port(*listener) == 0 && local_port(accepted) == 0 && local_port(*other) != 0;
        ::_exit(gone ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_NE(local_port(accepted), 0) << "the parent keeps its own";
}

}  // namespace
}  // namespace mythos::transport
