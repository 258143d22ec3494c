#pragma once
// Swift cannot call variadic C functions: one shim per type of option value.
#include <curl/curl.h>

static inline CURLcode swarmfs_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode swarmfs_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode swarmfs_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*swarmfs_curl_write_function)(char *data, size_t size, size_t count, void *context);

static inline CURLcode swarmfs_curl_set_write_function(CURL *handle, swarmfs_curl_write_function function) {
    return curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, function);
}

static inline CURLcode swarmfs_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode swarmfs_curl_get_pointer(CURL *handle, CURLINFO info, char **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode swarmfs_curl_set_header_function(CURL *handle, swarmfs_curl_write_function function) {
    return curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, function);
}

typedef int (*swarmfs_curl_prereq_function)(
    void *context, char *remote_address, char *local_address, int remote_port, int local_port);

static inline CURLcode swarmfs_curl_set_prereq_function(CURL *handle, swarmfs_curl_prereq_function function) {
    return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, function);
}

static inline CURLcode swarmfs_curl_set_open_socket_function(CURL *handle, curl_opensocket_callback function) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}

static inline CURLMcode swarmfs_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
