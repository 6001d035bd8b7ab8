@echo off
rem Finds a Python that the wheels fit, and lets it install. Usage: install.bat [FOLDER]
setlocal
set "found="
for %%v in (3.11 3.12 3.13) do if exist "%~dp0requirements-%%v.txt" (
    py -%%v -c "" >nul 2>nul && set "found=py -%%v"
)
if not defined found set "found=python"
%found% -c "" >nul 2>nul
if errorlevel 1 (
    echo error: found no Python; README.txt says which version is needed
    set "code=1"
) else (
    %found% "%~dp0install.py" %*
    call set "code=%%errorlevel%%"
)
if "%~1"=="" pause
exit /b %code%
