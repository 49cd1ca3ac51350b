<?php
// php -S 127.0.0.1:PORT router.php
file_get_contents('php://input');
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
if ($id !== '') file_put_contents(getenv('IDS'), "$id\n", FILE_APPEND | LOCK_EX);
header('content-type: text/plain');
echo 'ok';
return true;
