// Every deliberate break of the client by its name: the tests must notice each.
#pragma once

#include "protocol/client_config.hpp"

namespace mythos::protocol {

struct NamedFault {
    const char* name;
    bool ClientFaults::*fault;
};

inline constexpr NamedFault kNamedFaults[] = {
    {"ignore_base", &ClientFaults::ignore_base},
    {"no_dedup", &ClientFaults::no_dedup},
    {"gap_not_told", &ClientFaults::gap_not_told},
    {"gap_told_though_covered", &ClientFaults::gap_told_though_covered},
    {"gap_keeps_base", &ClientFaults::gap_keeps_base},
    {"heartbeat_ignores_base", &ClientFaults::heartbeat_ignores_base},
    {"ignore_promoted_marker", &ClientFaults::ignore_promoted_marker},
    {"no_promote", &ClientFaults::no_promote},
    {"promote_from_seen", &ClientFaults::promote_from_seen},
    {"connect_from_seen", &ClientFaults::connect_from_seen},
    {"connect_without_cursor", &ClientFaults::connect_without_cursor},
    {"keep_other_epoch", &ClientFaults::keep_other_epoch},
    {"drop_held", &ClientFaults::drop_held},
    {"ack_ahead", &ClientFaults::ack_ahead},
    {"forget_on_wire_death", &ClientFaults::forget_on_wire_death},
    {"new_id_on_resend", &ClientFaults::new_id_on_resend},
    {"resend_into_new_session", &ClientFaults::resend_into_new_session},
};

// A fault without a name here would be one that no test notices.
static_assert(sizeof(kNamedFaults) / sizeof(NamedFault) == sizeof(ClientFaults) / sizeof(bool));

}  // namespace mythos::protocol
