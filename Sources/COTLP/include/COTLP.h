/*
 * The root messages of the schema in proto/, by libprotobuf-c descriptor.
 *
 * Swift cannot take the address of a C constant, so each descriptor has a function that does. Messages are read and
 * written through descriptors only; the generated structs stay a detail of the C side.
 */
#ifndef COTLP_H
#define COTLP_H

/* Declared, not included: the type belongs to the module CProtobufC alone. */
struct ProtobufCMessageDescriptor;

const struct ProtobufCMessageDescriptor *cotlp_traces_request(void);
const struct ProtobufCMessageDescriptor *cotlp_metrics_request(void);
const struct ProtobufCMessageDescriptor *cotlp_logs_request(void);
const struct ProtobufCMessageDescriptor *cotlp_traces_response(void);
const struct ProtobufCMessageDescriptor *cotlp_metrics_response(void);
const struct ProtobufCMessageDescriptor *cotlp_logs_response(void);
const struct ProtobufCMessageDescriptor *cotlp_rpc_status(void);
const struct ProtobufCMessageDescriptor *cotlp_bad_request(void);
const struct ProtobufCMessageDescriptor *cotlp_retry_info(void);
const struct ProtobufCMessageDescriptor *cotlp_health_request(void);
const struct ProtobufCMessageDescriptor *cotlp_health_response(void);

#endif
