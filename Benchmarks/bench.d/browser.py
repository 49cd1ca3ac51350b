"""Chromium without a window, by its driver (W3C WebDriver)."""
import http.client, json, os, re, subprocess, tempfile

import machine
from processes import Failure, wait_for

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--window-size=1280,900"]


class Browser:
    """One window, with a profile that goes with it."""

    def __init__(self, arguments=()):
        machine.need("chromium", "chromedriver")
        self.profile = tempfile.TemporaryDirectory(prefix="huggy-relay-browser-", ignore_cleanup_errors=True)
        self.log = open(os.path.join(self.profile.name, "driver.log"), "w+")
        self.driver = subprocess.Popen([machine.find("chromedriver"), "--port=0"], stdout=self.log, stderr=self.log)
        self.session = None
        try:
            self.port = int(wait_for(self.announced, "chromedriver", 30)[1])
            options = {"binary": machine.find("chromium"), "args": [*ARGUMENTS, f"--user-data-dir={self.profile.name}/profile", *arguments]}
            self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})["sessionId"]
        except BaseException:
            self.stop()
            raise

    def announced(self):
        with open(self.log.name) as file:
            return re.search(r"successfully on port (\d+)\.", file.read())

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, None if body is None else json.dumps(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        value = json.loads(answer.read())["value"]
        if answer.status != 200:
            raise Failure(f"{path}: {value['error']}: {value['message'].splitlines()[0]}")
        return value

    def post(self, command, **body):
        return self.ask("POST", f"/session/{self.session}/{command}", body)

    def devtools(self, command, **parameters):
        return self.post("goog/cdp/execute", cmd=command, params=parameters)

    def script(self, text, *arguments):
        return self.post("execute/sync", script=text, args=list(arguments))

    def stop(self):
        if self.session:
            self.ask("DELETE", f"/session/{self.session}")
        self.driver.terminate()
        self.driver.wait()
        self.log.close()
        self.profile.cleanup()
