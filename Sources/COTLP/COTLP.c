#include "COTLP.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "grpc/health/v1/health.pb-c.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb-c.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb-c.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"

#define ROOT(function, descriptor) \
    const struct ProtobufCMessageDescriptor *function(void) { return &descriptor; }

ROOT(cotlp_traces_request, opentelemetry__proto__collector__trace__v1__export_trace_service_request__descriptor)
ROOT(cotlp_metrics_request, opentelemetry__proto__collector__metrics__v1__export_metrics_service_request__descriptor)
ROOT(cotlp_logs_request, opentelemetry__proto__collector__logs__v1__export_logs_service_request__descriptor)
ROOT(cotlp_traces_response, opentelemetry__proto__collector__trace__v1__export_trace_service_response__descriptor)
ROOT(cotlp_metrics_response, opentelemetry__proto__collector__metrics__v1__export_metrics_service_response__descriptor)
ROOT(cotlp_logs_response, opentelemetry__proto__collector__logs__v1__export_logs_service_response__descriptor)
ROOT(cotlp_rpc_status, google__rpc__status__descriptor)
ROOT(cotlp_bad_request, google__rpc__bad_request__descriptor)
ROOT(cotlp_retry_info, google__rpc__retry_info__descriptor)
ROOT(cotlp_health_request, grpc__health__v1__health_check_request__descriptor)
ROOT(cotlp_health_response, grpc__health__v1__health_check_response__descriptor)
