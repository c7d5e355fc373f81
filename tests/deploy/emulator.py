"""Starts MiniStack, an emulator of AWS, on a free port of this machine, and mends what this project's stack needs of it.

It prints its port, then serves until its standard input is closed: so it ends with whoever started it, however that ends, and
takes the functions' processes along.
"""

import asyncio
import os
import signal
import socket
import socketserver
import sys
import threading

# Types of resources that MiniStack does not know, with what `Fn::GetAtt` may ask of them. They are taken and nothing is made.
# Each is named here; any other type that it does not know fails the deploy.
NOTHING_IS_MADE = {
    "AWS::CloudWatch::CompositeAlarm": ["Arn"],
    "AWS::CodeDeploy::Application": [],
    "AWS::CodeDeploy::DeploymentGroup": [],
    "AWS::Events::ApiDestination": ["Arn", "ArnForPolicy"],
    "AWS::Events::Connection": ["Arn", "ArnForPolicy", "SecretArn"],
}


def end_with_the_one_who_started_this():
    """Makes a group of this process and all that it starts, which is killed when standard input ends."""
    os.setsid()

    def wait():
        while os.read(0, 4096):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def take_unknown_types(provisioners):
    """Registers the types of which nothing is made."""
    for kind, attributes in NOTHING_IS_MADE.items():
        if kind in provisioners._RESOURCE_HANDLERS:
            raise SystemExit(f"MiniStack knows {kind} by now: take it out of the list of {__file__}")

        def create(logical_id, _properties, stack_name, kind=kind, attributes=attributes):
            name = f"{stack_name}-{logical_id}"
            service = kind.split("::")[1].lower()
            arn = f"arn:aws:{service}:{provisioners.get_region()}:{provisioners.get_account_id()}:{name}"
            return name, {attribute: arn for attribute in attributes}

        def update(physical_id, _old, _new, stack_name, logical_id=None, create=create):
            return physical_id, create(logical_id or physical_id, {}, stack_name)[1]

        provisioners._RESOURCE_HANDLERS[kind] = {
            "create": create,
            "update": update,
            "update_with_logical_id": True,
            "delete": lambda _physical_id, _properties: None,
        }


def make_routes_of_a_body(provisioners, apis):
    """MiniStack ignores the `Body` of an HTTP API, in which SAM writes all of its routes."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handlers["create"], handlers["update"]

    def make_routes(api_id, body):
        routes, integrations = apis._routes[api_id], apis._integrations[api_id]
        routes.clear()
        integrations.clear()
        for path, methods in (body or {}).get("paths", {}).items():
            for method, operation in methods.items():
                target = operation["x-amazon-apigateway-integration"]
                integration_id, _ = provisioners._apigw_v2_integration_create("", {
                    "ApiId": api_id,
                    "IntegrationType": target["type"].upper(),
                    "IntegrationUri": target["uri"],
                    "IntegrationMethod": target["httpMethod"],
                    "PayloadFormatVersion": target["payloadFormatVersion"],
                }, "")
                provisioners._apigw_v2_route_create("", {
                    "ApiId": api_id,
                    "RouteKey": f"{method.upper()} {path}",
                    "Target": f"integrations/{integration_id}",
                }, "")

    def create_with_routes(logical_id, properties, stack_name):
        made = create(logical_id, properties, stack_name)
        make_routes(made[0], properties.get("Body"))
        return made

    def update_with_routes(physical_id, old, new, stack_name, logical_id=None):
        made = update(physical_id, old, new, stack_name, logical_id)
        if made[0] != physical_id or old.get("Body") != new.get("Body"):
            make_routes(made[0], new.get("Body"))
        return made

    handlers["create"], handlers["update"] = create_with_routes, update_with_routes


def take_alarms_of_metric_maths(provisioners):
    """MiniStack refuses them. Each is registered on the first of its metrics; no alarm is ever evaluated anyway."""
    record = provisioners._cw_metric_alarm_record

    def record_of_first_metric(name, properties):
        metrics = properties.get("Metrics")
        if metrics:
            stat = next(metric["MetricStat"] for metric in metrics if "MetricStat" in metric)
            properties = {key: value for key, value in properties.items() if key != "Metrics"}
            properties |= stat["Metric"] | {"Period": stat["Period"], "Statistic": stat["Stat"]}
        return record(name, properties)

    provisioners._cw_metric_alarm_record = record_of_first_metric


def answer_at_once():
    """Its Runtime API writes headers and body apart, which costs 40 ms by Nagle's algorithm."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def wait_for_lines(lambda_runtime):
    """It takes what a function printed with the answer, and gives up on a line that is later than 50 ms, or a quarter second in
    all: on a busy machine too little."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.5, 0.005, 10.0)


def main():
    end_with_the_one_who_started_this()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    port = listener.getsockname()[1]
    # Before MiniStack is imported, which reads them then. The functions inherit the address: without it their SDKs would
    # call AWS itself.
    os.environ["GATEWAY_PORT"] = str(port)
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    # Each of these would listen on a port of its own choice.
    os.environ["IOT_MTLS_ENABLED"] = os.environ["SFTP_ENABLED"] = "false"
    print(port, flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app
    from ministack.core import lambda_runtime
    from ministack.services import apigateway
    from ministack.services.cloudformation import provisioners

    take_unknown_types(provisioners)
    make_routes_of_a_body(provisioners, apigateway)
    take_alarms_of_metric_maths(provisioners)
    answer_at_once()
    wait_for_lines(lambda_runtime)

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    asyncio.run(serve(app.app, config))


if __name__ == "__main__":
    main()
