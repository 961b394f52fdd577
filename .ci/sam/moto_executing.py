"""moto_server, on a free port. What a state machine starts is asked for as boto3 has the names, and told as Step Functions has
them: moto hands a task's parameters on as they stand, and so fails at StateMachineArn for stateMachineArn.
"""

from moto.server import DomainDispatcherApplication, create_backend_app
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import StateTaskServiceSfn
from werkzeug.serving import run_simple

UNTOUCHED = {"StateMachineArn": ""}
StateTaskService._normalise_parameters(None, UNTOUCHED)
if list(UNTOUCHED) != ["StateMachineArn"]:
    raise SystemExit("moto knows boto3's names now: moto_executing.py is needed no more")

asked = StateTaskServiceSfn._normalise_parameters


def ask(self, parameters, *more, **named):
    asked(self, parameters, *more, **named)
    for key in list(parameters):
        parameters[key[0].lower() + key[1:]] = parameters.pop(key)


def tell(self, response, *_, **__):
    for key in list(response):
        response[key[0].upper() + key[1:]] = response.pop(key)


StateTaskServiceSfn._normalise_parameters = ask
StateTaskServiceSfn._normalise_response = tell
run_simple("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
