#pragma once
// What differs between versions of the library, or is an array inside a structure.
#include <stddef.h>

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>

/// The router that is connected to the internet among those that answer within `delay`
/// milliseconds: true where there is one, and `address` is then ours in its network.
static inline int swarmfs_upnp_discover(
    int delay, struct UPNPUrls *urls, struct IGDdatas *data, char *address, int length) {
    int error = 0;
    struct UPNPDev *devices = upnpDiscover(delay, NULL, NULL, UPNP_LOCAL_PORT_ANY, 0, 2, &error);
    if (!devices) return 0;
#if MINIUPNPC_API_VERSION >= 18
    int found = UPNP_GetValidIGD(devices, urls, data, address, length, NULL, 0);
#else
    int found = UPNP_GetValidIGD(devices, urls, data, address, length);
#endif
    freeUPNPDevlist(devices);
    if (found != 1 && found != 0) FreeUPNPUrls(urls);
    return found == 1;
}

/// The type of the service that forwards ports.
static inline const char *swarmfs_upnp_service(const struct IGDdatas *data) {
    return data->first.servicetype;
}
