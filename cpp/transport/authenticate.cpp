#include "transport/authenticate.hpp"

namespace mythos::transport {

Authenticate authenticate_none() {
    return [](const Credentials& credentials) -> Result<std::string> {
        if (credentials.named_player.empty()) {
            return Error{"bad_name", "Name the player: in the path, or with ?player_id=."};
        }
        return std::string(credentials.named_player);
    };
}

}  // namespace mythos::transport
